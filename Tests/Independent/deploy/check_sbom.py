"""Whether a list of parts is SPDX 2.3 as SPDX's own library has it, and what is in it: one line of JSON."""
import json
import sys

from spdx_tools.spdx.model import RelationshipType
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

document = parse_file(sys.argv[1])
linked = {
    relation.related_spdx_element_id: relation.relationship_type.name for relation in document.relationships
    if relation.relationship_type in (RelationshipType.DYNAMIC_LINK, RelationshipType.STATIC_LINK)}
print(json.dumps({
    "problems": [message.validation_message for message in validate_full_spdx_document(document)],
    "version": document.creation_info.spdx_version,
    "packages": {
        package.name: {
            "version": package.version, "licence": str(package.license_declared),
            "link": linked.get(package.spdx_id), "sha256": [each.value for each in package.checksums],
        } for package in document.packages},
}))
