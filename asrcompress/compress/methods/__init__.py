"""The compression methods, one file each; its name is the method's name.

A method's file has
- ORDER: int, the place among the steps; pruning (10) comes before quantising (20);
- TRIGGER: the option whose presence selects the method;
- Params: a frozen pydantic model, one field an option, with descriptions and bounds;
- label(params): its part of an artefact's name, for example "int8";
- refusal(module): why it does not fit a module, or None;
- compress(module, params, selection): changes the module, returns why by weight tensor.
"""
