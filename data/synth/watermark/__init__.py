"""Pictures with watermarks: photographs or generated ones, and marks blended over them."""
