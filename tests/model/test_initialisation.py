"""Initial weights from the counts: associations and their factors."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from skipgram_lib.backend.base import Backend
from skipgram_lib.model import initialisation
from skipgram_lib.model.initialisation import (
    BlockedAssociations,
    SparseOperator,
    explored_space,
    initialise_from_counts,
    leading_factors,
    positive_associations,
    row_groups,
)
from skipgram_lib.model.network import initial_network

NUMPY = Backend()
seeds = st.integers(0, 1_000)


def random_table(seed, V, filled=0.3, C=None):
    """Return a sparse table of whole numbers, some rows of it empty."""
    rng = np.random.default_rng(seed)
    shape = V, C or V
    table = rng.integers(1, 9, shape) * (rng.random(shape) < filled)
    table[0, -1] = 3
    return sp.csr_array(table.astype(float))


def known_product(V, rank, seed=0, C=None):
    """Return a sparse float32 matrix whose rank is known."""
    rng = np.random.default_rng(seed)
    left, right = rng.normal(size=(V, rank)), rng.normal(size=(C or V, rank))
    return sp.csr_array((left @ right.T).astype(np.float32))


# Associations


@given(seeds, st.integers(2, 12), st.integers(1, 12))
def test_associations_are_the_formula(seed, V, C):
    N = random_table(seed, V, C=C)
    found = positive_associations(N)
    dense = N.toarray()
    for c in range(V):
        for o in range(C):
            wanted = 0.0
            if dense[c, o]:
                near = dense[c, o] / dense[c].sum()
                wanted = max(0, np.log(near / (dense[:, o].sum() / N.sum())))
            assert found[c, o] == pytest.approx(wanted, abs=1e-5)
    assert found.dtype == np.float32
    assert (found.data > 0).all()


def test_associations_leave_the_counts_alone():
    N = random_table(1, 9)
    before = N.copy()
    positive_associations(N)
    assert (before != N).nnz == 0


def test_associations_are_finite_where_a_cell_is_a_stored_zero():
    N = sp.csr_array(np.array([[1.0, 2.0], [3.0, 4.0]]))
    N.data[0] = 0.0
    assert np.isfinite(positive_associations(N).toarray()).all()


# Products


@given(seeds, st.integers(1, 30), st.integers(1, 9), st.integers(1, 4))
def test_groups_of_rows_multiply_as_the_whole(seed, V, cores, columns):
    cells = sp.csr_array(random_table(seed, V).astype(np.float32))
    Y = np.random.default_rng(seed).normal(size=(V, columns))
    Y, whole = Y.astype(np.float32), cells.toarray()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(initialisation, "cpu_count", lambda: cores)
        matrix = SparseOperator(cells)
    np.testing.assert_array_equal(matrix.times(Y), cells @ Y)
    np.testing.assert_allclose(matrix.times(Y), whole @ Y, atol=1e-3)
    np.testing.assert_allclose(
        matrix.transposed_times(Y), whole.T @ Y, atol=1e-3
    )


def test_groups_share_out_the_cells(monkeypatch):
    monkeypatch.setattr(initialisation, "cpu_count", lambda: 4)
    cells = sp.csr_array(np.tri(100, dtype=np.float32))
    groups = row_groups(cells)
    assert len(groups) == 4
    assert sum(group.shape[0] for group in groups) == 100
    assert max(group.nnz for group in groups) < cells.nnz / 4 + 100


def test_a_matrix_without_cells_gives_zeros():
    empty = SparseOperator(sp.csr_array((7, 7), dtype=np.float32))
    assert not empty.times(np.ones((7, 2), np.float32)).any()


@given(
    seeds,
    st.integers(2, 30),
    st.integers(1, 30),
    st.integers(1, 60),
    st.integers(1, 4),
)
def test_blocks_of_rows_multiply_as_the_whole(seed, V, C, cells, columns):
    N = random_table(seed, V, C=C)
    rng = np.random.default_rng(seed)
    Y, turned = (
        rng.normal(size=(n, columns)).astype(np.float32) for n in (C, V)
    )
    blocked = BlockedAssociations(N)
    whole = SparseOperator(positive_associations(N))
    assert blocked.shape == whole.shape == (V, C)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(initialisation, "BLOCK_CELLS", cells)
        found = blocked.times(Y), blocked.transposed_times(turned)
    np.testing.assert_array_equal(found[0], whole.times(Y))
    np.testing.assert_allclose(
        found[1], whole.transposed_times(turned), atol=1e-4
    )


def test_a_large_table_is_worked_on_in_blocks(monkeypatch):
    """Its factors are as good, and the whole is asked for by nobody."""
    N = random_table(5, 1_200, 0.02)
    one, two = initial_network(1_200, 9, 0), initial_network(1_200, 9, 0)
    initialise_from_counts(one, N, 0, NUMPY)
    monkeypatch.setattr(initialisation, "MAX_CELLS", 100)
    monkeypatch.setattr(initialisation, "BLOCK_CELLS", 5_000)
    monkeypatch.setattr(sp.csr_array, "tocsr", None)
    initialise_from_counts(two, N, 0, NUMPY)
    np.testing.assert_allclose(
        two.W_in @ two.W_out.T, one.W_in @ one.W_out.T, atol=1e-2
    )


# Factors


# LAPACK's, and our own
@pytest.mark.parametrize(
    ("V", "C"),
    [(300, 300), (300, 70), (1_500, 1_500), (1_500, 30), (25, 1_200)],
)
def test_factors_of_low_rank_give_the_matrix_back(V, C):
    cells = known_product(V, rank=20, C=C)
    U, s, W = leading_factors(cells, 20, 0)
    rounding = 1e-3 * cells.max()  # float32, in another order by each BLAS
    np.testing.assert_allclose((U * s) @ W.T, cells.toarray(), atol=rounding)
    for side in (U, W):
        np.testing.assert_allclose(side.T @ side, np.eye(20), atol=1e-3)
    assert (np.diff(s) <= 0).all()


def test_factors_are_near_the_exact_decomposition():
    rng = np.random.default_rng(3)
    strengths = 100 * 0.9 ** np.arange(1_200)
    left, right = (
        np.linalg.qr(m)[0] for m in rng.normal(size=(2, 1_200, 1_200))
    )
    whole = ((left * strengths) @ right.T).astype(np.float32)
    _, s, _ = leading_factors(sp.csr_array(whole), 30, 0)
    np.testing.assert_allclose(s, strengths[:30], rtol=1e-3)


def test_an_exhausted_space_still_has_perpendicular_columns():
    cells = known_product(1_200, rank=5)
    start = np.random.default_rng(0).normal(size=(1_200, 8))
    matrix = SparseOperator(cells)
    Q, image = explored_space(matrix, start.astype(np.float32), 4)
    np.testing.assert_allclose(Q.T @ Q, np.eye(40), atol=1e-3)
    np.testing.assert_allclose(
        image, cells.toarray().T @ Q, atol=2e-3 * abs(image).max()
    )


def test_the_same_seed_finds_the_same_bits():
    cells = known_product(1_300, rank=50)
    one, two, other = (
        leading_factors(cells, 10, seed)[0] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


# Initial weights


@settings(max_examples=20)
@given(seeds, st.integers(2, 40), st.integers(2, 40), st.integers(1, 60))
def test_initial_weights_come_near_the_associations(seed, V, C, D):
    N = random_table(seed, V, 0.6, C)
    network = initial_network(V, D, seed, contexts=C)
    initialise_from_counts(network, N, seed, NUMPY)
    assert network.W_in.shape == (V, D)
    assert network.W_out.shape == (C, D)
    for array in vars(network).values():
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    k = min(V, C)
    if D >= k:
        product = network.W_in[:, :k] @ network.W_out[:, :k].T
        wanted = positive_associations(N).toarray()
        # Directions without strength keep their small random numbers.
        assert abs(product - wanted).max() < 0.03


def test_features_without_a_direction_stay_random():
    network, fresh = initial_network(6, 10, 0), initial_network(6, 10, 0)
    initialise_from_counts(network, random_table(0, 6, 0.8), 0, NUMPY)
    np.testing.assert_array_equal(network.W_in[:, 6:], fresh.W_in[:, 6:])
    assert (network.W_in[:, 0] != fresh.W_in[:, 0]).all()


def test_a_text_without_associations_keeps_random_weights():
    network, fresh = initial_network(5, 3, 0), initial_network(5, 3, 0)
    initialise_from_counts(network, sp.csr_array(np.ones((5, 5))), 0, NUMPY)
    np.testing.assert_array_equal(network.W_in, fresh.W_in)
