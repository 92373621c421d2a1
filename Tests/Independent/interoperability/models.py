"""Model files, rankings and figures."""

from harness import expect, probe, versions


@probe("safetensors-order")
def safetensors_order(options):
    """safetensors' numpy writer puts down the memory of an array, whatever its strides are."""
    import numpy, safetensors.numpy

    versions("safetensors", "numpy")
    factors = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)

    def back(array):
        safetensors.numpy.save_file({"a": array}, "a.safetensors")
        return safetensors.numpy.load_file("a.safetensors")["a"].tolist()

    expect("rows", back(factors), [[0, 1, 2], [3, 4, 5]])
    expect("transposed, should be [[0, 3], [1, 4], [2, 5]]", back(factors.T), [[0, 1], [2, 3], [4, 5]])
    expect("after ascontiguousarray", back(numpy.ascontiguousarray(factors.T)), [[0, 3], [1, 4], [2, 5]])


@probe("implicit-lists")
def implicit_lists(options):
    """implicit fills short lists with items that are excluded, and its BM25 weighs popular items below zero."""
    import implicit, implicit.nearest_neighbours, numpy, scipy.sparse

    versions("implicit")
    seen = scipy.sparse.csr_matrix(numpy.array(
        [[1, 1, 1, 0], [1, 0, 1, 1], [1, 1, 0, 0], [1, 0, 0, 1], [1, 0, 0, 0]], dtype=numpy.float64))
    model = implicit.als.AlternatingLeastSquares(factors=4, iterations=3, random_state=1)
    model.fit(seen, show_progress=False)
    items, scores = model.recommend(0, seen[0], N=6)
    expect("user 0 has seen items 0, 1, 2; a list of six", sorted(items.tolist()), [0, 0, 0, 1, 2, 3])
    expect("places with a score of a real item", int((numpy.abs(scores) > 1e-9).sum() - (scores < -1e38).sum()), 1)
    weights = implicit.nearest_neighbours.bm25_weight(seen).toarray()
    expect("sign of BM25 weights of the item that everybody saw", sorted(set(numpy.sign(weights[:, 0]).tolist())), [-1.0])


@probe("trec-float32")
def trec_float32(options):
    """trec_eval keeps scores as float32 and puts ties in falling order of the names."""
    import pytrec_eval

    versions("pytrec-eval-terrier")
    evaluator = pytrec_eval.RelevanceEvaluator({"q": {"d1": 1}}, {"recip_rank"})
    rank = lambda run: evaluator.evaluate({"q": run})["q"]["recip_rank"]
    expect("best by 0.1", rank({"d1": 1.2, "d2": 1.1}), 1.0)
    expect("best by 1e-8", rank({"d1": 1.00000002, "d2": 1.00000001}), 0.5)
