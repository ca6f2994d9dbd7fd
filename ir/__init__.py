"""What a program is: types, graphs, functions, text. It knows no operator by name."""
