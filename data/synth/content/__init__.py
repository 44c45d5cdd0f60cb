"""What is printed on a sheet: one module for each kind of content.

`glyphs`, `canvas`, `style`, `pieces`, `column` and `sketch` are the printer's tools. Every other
module offers functions that take a `column.Column` and print one block at its cursor.
"""
