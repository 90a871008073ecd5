"""The makers of the reference values: one module = one family of cases. Only `make_reference.py` imports them; they need TensorFlow."""
