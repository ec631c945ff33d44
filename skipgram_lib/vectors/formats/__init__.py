"""Files of word vectors, a module a format: words and arrays in and out."""
