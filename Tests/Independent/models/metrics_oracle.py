"""Per-user ranking metrics by ir_measures (trec_eval), for comparison with ours.

Reads {"cutoffs": [...], "users": [{"list": [...], "relevant": [...]}]} from standard input and writes
{"<metric>@<k>": [one value per user]} to standard output.
"""

import json
import sys

import ir_measures
from ir_measures import AP, P, R, RR, Success, nDCG

OURS = {"recall": R, "precision": P, "hit_rate": Success, "ndcg": nDCG, "map": AP, "mrr": RR}

task = json.load(sys.stdin)
qrels = [
    ir_measures.Qrel(str(user), str(item), 1)
    for user, entry in enumerate(task["users"])
    for item in entry["relevant"]
]
# trec_eval orders by score, not by rank: give scores that fall strictly.
run = [
    ir_measures.ScoredDoc(str(user), str(item), float(len(entry["list"]) - rank))
    for user, entry in enumerate(task["users"])
    for rank, item in enumerate(entry["list"])
]
wanted = {f"{name}@{k}": measure @ k for name, measure in OURS.items() for k in task["cutoffs"]}
names = {str(measure): name for name, measure in wanted.items()}
result = {name: [0.0] * len(task["users"]) for name in wanted}
for value in ir_measures.iter_calc(list(wanted.values()), qrels, run):
    result[names[str(value.measure)]][int(value.query_id)] = value.value

# Capped recall is not trec_eval's: by its definition.
for k in task["cutoffs"]:
    result[f"recall_capped@{k}"] = [
        len(set(entry["list"][:k]) & set(entry["relevant"])) / min(k, len(entry["relevant"])) for entry in task["users"]
    ]
json.dump(result, sys.stdout)
