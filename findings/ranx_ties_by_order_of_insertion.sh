#!/usr/bin/env bash
# A run with equal scores, and a metric that depends on the order in which they were put in
#
# Versions: ranx 0.3.21 (numba 0.68.1, numpy 2.4.6), pytrec-eval-terrier 0.5.10 (trec_eval in C).
#
# One would guess: a metric follows from documents and their scores. Equal scores are broken by a rule, as trec_eval does
# (by identifier), or the metric is averaged over the orders; the same run gives the same figure.
#
# What happens: ranx sorts by score alone, with a sort that is stable for a few documents only, so its figure follows from how the
# run was built. One relevant document among three of equal score has an NDCG@1 of 1 if it was put in first, else of 0. Of
# forty the order that comes out is neither the one they were put in nor a rule: a recommender that scores everything
# alike gets another NDCG@10 for each shuffle of its candidates, from 0 to 0.58 in fifty of them, with nothing to say that
# the figure is chance. trec_eval gives the same for every order.
#
# Output seen:
#   ranx, 3 alike: relevant first 1.0, last 0.0
#   ranx, 40 alike, 5 relevant, 50 shuffles: 0.0 to 0.5774, 24 different
#   trec_eval, the same: 0.0 to 0.0, 1 different
#
# Why it matters here: popularity counts and rounded scores tie all the time. Whoever compares our reports with ranx must
# break ties before (score, then a rule that knows nothing of the truth), or compare orders of chance.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ranx==0.3.21 numba==0.68.1 numpy==2.4.6 pytrec-eval-terrier==0.5.10
cat >seen.py <<'PYTHON'
import random
import warnings

import pytrec_eval
import ranx

warnings.filterwarnings("ignore")


def ndcg(names, relevant, cut):
    found = ranx.evaluate(
        ranx.Qrels({"u": {name: 1 for name in relevant}}), ranx.Run({"u": {name: 0.5 for name in names}}), f"ndcg@{cut}")
    return float(found)


def trec(names, relevant, cut):
    judge = pytrec_eval.RelevanceEvaluator({"u": {name: 1 for name in relevant}}, {f"ndcg_cut.{cut}"})
    return judge.evaluate({"u": {name: 0.5 for name in names}})["u"][f"ndcg_cut_{cut}"]


print(f"ranx, 3 alike: relevant first {ndcg(['b', 'a', 'c'], ['b'], 1)}, last {ndcg(['a', 'c', 'b'], ['b'], 1)}")
names = [f"d{number:02}" for number in range(40)]
relevant = names[:5]
random.seed(1)
orders = [random.sample(names, len(names)) for _ in range(50)]
for label, metric in (("ranx, 40 alike, 5 relevant, 50 shuffles", ndcg), ("trec_eval, the same", trec)):
    found = [round(metric(order, relevant, 10), 4) for order in orders]
    print(f"{label}: {min(found)} to {max(found)}, {len(set(found))} different")
PYTHON
venv/bin/python seen.py | tee seen
diff - seen <<'EXPECTED'
ranx, 3 alike: relevant first 1.0, last 0.0
ranx, 40 alike, 5 relevant, 50 shuffles: 0.0 to 0.5774, 24 different
trec_eval, the same: 0.0 to 0.0, 1 different
EXPECTED
