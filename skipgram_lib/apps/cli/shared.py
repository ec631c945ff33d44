"""Arguments and options that several commands share."""

from skipgram_lib.apps.cli.options import DIR, FILE, Option, argument, options

ANALOGIES = "skipgram_lib:evaluate_word_analogies"
MOST_SIMILAR = "skipgram_lib:WordVectors.most_similar"
SKIPGRAM = "skipgram_lib:SkipGram"

MODEL = argument("MODEL", "folder of a model", kind=DIR)
SOURCE_HELP = (
    "folder of a model, or a file of vectors: .bin .txt .vec .npz "
    ".safetensors; -: stdin"
)
SOURCE = argument("MODEL", SOURCE_HELP, kind=FILE)
WORDS = argument("WORD...", "words", "words")
TOPN = Option("--topn N", "words to list", MOST_SIMILAR)
BACKEND = Option("--backend auto|numpy|cupy", "where the vectors are searched")
METHOD = Option("--method add|multiply", "3CosAdd or 3CosMul", ANALOGIES)
TF32 = Option("--tf32", "on a GPU: faster products of rounded numbers")
COUNTS = Option("--counts DIR", "what `skipgram count` wrote, instead of text")
VECTORS = (
    Option(
        "--matrix in|out|sum",
        "of a model: W_in, W_out or their sum",
        f"{SKIPGRAM}.word_vectors",
        "vectors",
    ),
    *options(
        {
            "--limit N": "read the first N words only",
            "--format FORMAT": "if the ending does not tell",
            "--errors strict|replace": "for words that cannot be decoded",
            "--encoding NAME": "of the words",
            "--drop-empty": "leave out the empty word",
            "--duplicates error|first": "what to do with a duplicate word",
            "--finite/--no-finite": "refuse NaN and infinity",
        },
        "skipgram_lib:load_vectors",
        "vectors",
    ),
)
TEXT = options(
    {
        "--letters unicode|ascii": "letters that words are made of",
        "--tokens words|whitespace": "runs of letters, or what is between "
        "white space",
        "--keep-case": "do not write capitals small",
        "--document file|line": "no window reaches over its ends",
        "--errors strict|replace": "for bytes that cannot be decoded",
        "--encoding NAME": "of the text",
    },
    "skipgram_lib:TextFiles",
    "text",
)
COUNTING = options(
    {
        "--max-size N": "most frequent words that are kept",
        "--min-count N": "leave out words that are rarer",
        "--window N": "largest distance of centre and context, in words",
        "--shrink-windows/--no-shrink-windows": "near words weigh more",
        "--sample X": "subsample words with a larger share; 0: none",
    },
    "skipgram_lib:count_pairs",
    "counting",
)
