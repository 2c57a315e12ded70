"""The compression methods, one file each; its name is the method's name.

A method's file has
- ORDER: int, the place among the steps; pruning (10) comes before choosing bits (20);
- TRIGGER: the option whose presence selects the method; methods of one ORDER exclude each other;
- Params: a frozen pydantic model, one field an option, with descriptions and bounds;
- label(params): its part of an artefact's name, for example "int8";
- refusal(params, weights, context): why it does not fit a model, or None;
- decide(params, weights, context): what is to become of each layer; it changes nothing.
"""
