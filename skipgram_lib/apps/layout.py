"""Words on a plane: the places of a map, by PCA or t-SNE."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import (
    MissingPackageError,
    SkipgramError,
    as_words,
    check_at_least,
    check_choice,
    checked,
)
from skipgram_lib.vectors.search import unit_rows
from skipgram_lib.vectors.vectors import WordVectors

# Words that t-SNE lays out; each further one goes to its neighbours.
MAX_TSNE_WORDS = 20_000
AVERAGED = 8  # neighbours in whose middle a further word lies


def check_words(words: Iterable[str]) -> list[str]:
    """Return some words as a list, or refuse them."""
    if not (names := as_words("words", words)):
        raise SkipgramError("expected some words, got none")
    return names


def map_words(vectors: WordVectors, words: int | Iterable[str]) -> list[str]:
    """Words of a map: so many of the first, or those named."""
    if isinstance(words, Mapping):
        groups = map(check_words, words.values())
        return check_words(word for group in groups for word in group)
    if isinstance(words, Iterable):
        return check_words(words)
    return vectors.words[: check_at_least("words", words, 1)]


def rows_of(vectors: WordVectors, words: Iterable[str]) -> NDArray[np.float64]:
    """Vectors of some words, of length 1, shape (n, D)."""
    ids = [vectors.index[word] for word in words]
    rows = np.asarray(vectors.matrix[ids], np.float64)
    if not np.isfinite(rows).all():
        raise SkipgramError(
            "a vector holds a number that is not finite; train again with a "
            "smaller learning rate, or fix the file"
        )
    return unit_rows(rows)


def nearest_ids(
    vectors: WordVectors, queries: Sequence[str] | Array, topn: int
) -> NDArray[np.int64]:
    """Ids of the words nearest to words, or to vectors, the nearest first.

    Of B queries, shape (B, topn), or narrower where there are fewer words.
    """
    found = vectors.most_similar_many(queries, topn)
    ids = [[vectors.index[word] for word, _ in near] for near in found]
    return np.array(ids, np.int64)


def principal_plane(rows: Array) -> tuple[Array, float]:
    """Places (n, 2) of points (n, D) in the plane in which they vary most.

    Beside them, the share of the variance that lies in the plane.

    References
    ----------
    Pearson 1901, "On Lines and Planes of Closest Fit to Systems of
    Points in Space".
    """
    centred = rows - rows.mean(axis=0)
    covariance = centred.T @ centred
    D = rows.shape[1]
    S, A = eigh(covariance, subset_by_index=[max(0, D - 2), D - 1])
    places = np.zeros((len(rows), 2))
    places[:, : len(S)] = centred @ A[:, ::-1]
    largest = places[abs(places).argmax(axis=0), [0, 1]]
    places *= np.where(largest < 0, -1, 1)
    return places, float(S.sum() / max(np.trace(covariance), 1e-300))


def require_scikit_learn() -> None:
    """Refuse t-SNE where scikit-learn is not installed."""
    try:
        import sklearn.manifold  # noqa: F401
    except ModuleNotFoundError:
        raise MissingPackageError.of("scikit-learn") from None


def tsne(rows: Array, seed: int) -> Array:
    """Places (n, 2) by t-SNE, the same on every number of cores.

    More than 3,000 words get fewer than scikit-learn's 1,000 steps: ten
    thousand take seconds, and keep as many of their neighbours.

    References
    ----------
    van der Maaten and Hinton 2008, "Visualizing Data using t-SNE".
    """
    require_scikit_learn()
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(15, (len(rows) - 1) / 3)
    with threadpool_limits(1):  # threads would add up in another order
        start = principal_plane(rows)[0]
        start *= 1e-4 / max(start[:, 0].std(), 1e-300)
        start += np.random.default_rng(seed).normal(0, 1e-5, start.shape)
        model = TSNE(
            perplexity=perplexity,
            init=start,
            random_state=seed,
            angle=0.9,
            max_iter=max(350, min(1_000, 3_000_000 // len(rows))),
        )
        return np.asarray(model.fit_transform(rows), np.float64)


@checked
def word_map_positions(
    vectors: WordVectors,
    words: int | Iterable[str] = 1_000,
    method: str = "tsne",
    seed: int = 0,
) -> NDArray[np.float64]:
    """Places of words on a plane, by the angles of their vectors.

    Parameters
    ----------
    vectors : WordVectors
    words : int, or list of str, or {title: words}
        A number means the first so many, the most frequent ones.
    method : {"tsne", "pca"}
        t-SNE keeps neighbours together, PCA keeps the largest distances.
        Words beyond the first 20,000 lie in the middle of their neighbours
        among these.
    seed : int
        Of t-SNE.

    Returns
    -------
    float64 array, shape (n, 2)
    """
    check_choice("method", method, ("tsne", "pca"))
    if check_at_least("seed", seed, 0) >= 2**32:
        raise SkipgramError(f"seed must be below 2**32, got {seed}")
    names = map_words(vectors, words)
    rows = rows_of(vectors, names)
    if method == "pca" or len(rows) < 4:
        return principal_plane(rows)[0]
    first = rows[:MAX_TSNE_WORDS]
    places = tsne(first, seed)
    if len(first) == len(rows):
        return places
    known = WordVectors(names[: len(first)], first)
    near = nearest_ids(known, rows[len(first) :], AVERAGED)
    return np.concatenate([places, places[near].mean(axis=1)])


def fit_square(places: Array) -> NDArray[np.float64]:
    """Move and scale places (n, 2) into the square from 0 to 1."""
    low = places.min(axis=0)
    high = places.max(axis=0)
    extent = max(float((high - low).max()), 1e-9)
    return np.asarray((places - (low + high) / 2) / extent + 0.5)
