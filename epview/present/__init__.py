"""Pure text: words, ages and columns for screens and reports alike."""
