"""Models in the form that runtimes' graphs are traced from: equal results, faster operations."""
