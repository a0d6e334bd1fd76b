"""The words and the rules of the field: pure, standard library only, no input or output and no clock."""
