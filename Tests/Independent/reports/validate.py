"""Validates JSON documents against a JSON Schema by the jsonschema package.

Usage: validate.py SCHEMA FILE…    Prints a line for each thing that is wrong; exit status 1 if there is one.
"""

import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1]) as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
faults = 0
for path in sys.argv[2:]:
    with open(path) as file:
        document = json.load(file)
    for error in validator.iter_errors(document):
        faults += 1
        print(f"{path}: {error.json_path}: {error.message[:300]}")
sys.exit(1 if faults else 0)
