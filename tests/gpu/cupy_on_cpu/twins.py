"""What the library's kernels compute, in NumPy, for the strict double."""

import numpy as np
from scipy.special import expit, logsumexp

from cupy_on_cpu import double
from skipgram_lib.backend import cupy


def log_sum(x, bias, axis, keepdims):
    """Twin of `row_log_sum`."""
    return logsumexp(x + bias, axis=axis, keepdims=keepdims).astype(x.dtype)


def scale_softmax(x, bias, log_sums, n):
    """Twin of `scale_softmax`."""
    return np.exp(x + bias - log_sums) * n


def sum_of_softplus(x, weight, axis, keepdims):
    """Twin of `sum_of_softplus`."""
    softplus = np.logaddexp(0, x).astype(np.float64)
    return (weight * softplus).sum(axis=axis, keepdims=keepdims)


def scaled_sigmoids(x, n, weight):
    """Twin of `scaled_sigmoids`."""
    return (n * weight * expit(x)).astype(x.dtype)


def cells_of(rows, begin, column):
    """Row in the batch, column, and place in the table of its cells."""
    spans = [np.arange(begin[r], begin[r + 1]) for r in rows]
    row = np.repeat(np.arange(len(rows)), [len(span) for span in spans])
    place = np.concatenate(spans) if spans else np.zeros(0, int)
    return row, column[place], place


def counts_times_scores(rows, begin, column, n, V, lanes, scores, bias, seen):
    """Twin of `counts_times_scores`; one lane does the work of all."""
    row, context, place = cells_of(rows, begin, column)
    seen[...] = 0
    parts = n[place] * (scores[row, context] + bias[context]).astype(float)
    np.add.at(seen, row * lanes, parts)


def scores_less_counts(rows, begin, column, n, V, lanes, scores):
    """Twin of `scores_less_counts`."""
    row, context, place = cells_of(rows, begin, column)
    scores[row, context] -= n[place]


def adam_with_mean(
    g, rows, D, penalty, keep_v, add_v, scale_v, rate, keep_m, add_m, w, v, m
):
    """Twin of `adam_with_mean`."""
    g = g + penalty * w[rows]
    v[rows] = keep_v * v[rows] + add_v * g * g
    m[rows] = keep_m * m[rows] + add_m * g
    w[rows] -= m[rows] / (np.sqrt(scale_v * v[rows]) + 1e-8) * rate


def adam_without_mean(g, rows, D, penalty, keep_v, add_v, scale_v, rate, w, v):
    """Twin of `adam_without_mean`."""
    g = g + penalty * w[rows]
    v[rows] = keep_v * v[rows] + add_v * g * g
    w[rows] -= g / (np.sqrt(scale_v * v[rows]) + 1e-8) * rate


def errors_of_cells(n, row, column, h, W, own, other, D):
    """Twin of `errors_of_cells`."""
    score = (h[row] * W[column]).sum(axis=1) + own[row] + other[column]
    return -n * expit(-score), n * np.logaddexp(0, -score).astype(float)


def gradients_of_rows(error, column, W, border, D, out):
    """Twin of `gradients_of_rows`."""
    parts = error[:, None] * W.reshape(len(W), D)[column]
    for r in range(len(border) - 1):
        total = parts[border[r] : border[r + 1]].sum(axis=0)
        out.reshape(-1, D)[r] = total


RETURN = {
    "row_log_sum_float": log_sum,
    "row_log_sum_double": log_sum,
    "scale_softmax_float": scale_softmax,
    "scale_softmax_double": scale_softmax,
    "sum_of_softplus": sum_of_softplus,
    "scaled_sigmoids": scaled_sigmoids,
    "errors_of_cells": errors_of_cells,
}
WRITE = {
    "counts_times_scores": counts_times_scores,
    "scores_less_counts": scores_less_counts,
    "adam_with_mean": adam_with_mean,
    "adam_without_mean": adam_without_mean,
    "gradients_of_rows": gradients_of_rows,
}
MAKERS = (
    cupy.softmax_kernels,
    cupy.sigmoid_kernels,
    cupy.cell_kernels,
    cupy.adam_kernel,
    cupy.count_kernels,
)


def forget() -> None:
    """Take back the twins, and the kernels that were made with them."""
    double.forget_kernels()
    for make in MAKERS:
        make.cache_clear()


def register() -> None:
    """Give every kernel of the library its twin."""
    forget()
    for name, function in RETURN.items():
        double.register_kernel(name, function)
    for name, function in WRITE.items():
        double.register_kernel(name, function, in_place=True)
