"""Writes the dashboards beside this file: marquee.ndjson for Kibana 8 and 9, opensearch-dashboards.ndjson for
OpenSearch Dashboards 2. Both draw the same charts over the indices that `marquee catalog index --users` fills.

build.py [FOLDER]
"""
import json
import pathlib
import sys

VIEWS = {"marquee-films": "movies", "marquee-users": "movies-users", "marquee-activity": "movies-activity"}
RATINGS = [{"from": low, "to": low + 1 if low < 9 else None} for low in range(10)]


def terms(field, size, order="metric"):
    return {"op": "terms", "field": field, "size": size, "order": order}


# id, title, data view, shape, buckets from the outermost in, metric: (operation, field)
CHARTS = [
    ("marquee-films-by-release-date", "Films by release date", "marquee-films", "bar",
     [{"op": "date_histogram", "field": "released", "interval": "1y"}], ("count", None)),
    ("marquee-top-popular", "Ten most popular films", "marquee-films", "table",
     [terms("title.keyword", 10)], ("max", "popularity")),
    ("marquee-mean-rating-by-genre", "Mean rating by genre", "marquee-films", "bar_horizontal",
     [terms("genres", 50)], ("average", "vote_average")),
    ("marquee-languages", "Languages", "marquee-films", "pie", [terms("language", 20)], ("count", None)),
    ("marquee-top-voted", "Ten films with most votes", "marquee-films", "table",
     [terms("title.keyword", 10)], ("max", "vote_count")),
    ("marquee-ratings", "Ratings", "marquee-films", "bar", [{"op": "range", "field": "vote_average"}], ("count", None)),
    ("marquee-events-over-time", "Events a day by kind", "marquee-activity", "bar_stacked",
     [terms("kind", 3), {"op": "date_histogram", "field": "day", "interval": "1d"}], ("sum", "count")),
    ("marquee-user-states", "Users by number of events", "marquee-users", "pie", [terms("state", 3)], ("count", None)),
]


def text(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def saved(kind, id, attributes, references=(), version=None):
    object = {"id": id, "type": kind, "attributes": attributes, "references": list(references), "managed": False}
    if version:
        object |= {"coreMigrationVersion": "8.8.0", "typeMigrationVersion": version}
    return object


# Kibana: Lens

def lens_column(bucket, metric):
    field = bucket["field"]
    column = {"label": field, "isBucketed": True, "sourceField": field}
    if bucket["op"] == "terms":
        return column | {
            "operationType": "terms", "dataType": "string", "scale": "ordinal",
            "params": {"size": bucket["size"], "orderBy": {"type": "column", "columnId": metric},
                       "orderDirection": "desc", "otherBucket": False, "missingBucket": False,
                       "parentFormat": {"id": "terms"}}}
    if bucket["op"] == "range":
        return column | {
            "operationType": "range", "dataType": "string", "scale": "ordinal",
            "params": {"type": "range", "maxBars": "auto", "includeEmptyRows": True,
                       "ranges": [band | {"label": ""} for band in RATINGS]}}
    return column | {
        "operationType": "date_histogram", "dataType": "date", "scale": "interval",
        "params": {"interval": bucket["interval"], "includeEmptyRows": False, "dropPartials": False}}


def lens(id, title, view, shape, buckets, metric):
    layer = "layer"
    operation, field = metric
    columns = {f"bucket{number}": lens_column(bucket, "metric") for number, bucket in enumerate(buckets)}
    columns["metric"] = {
        "operationType": operation, "label": title if operation == "count" else f"{operation} of {field}",
        "dataType": "number", "isBucketed": False, "scale": "ratio", "sourceField": field or "___records___",
        "params": {"emptyAsNull": True}}
    order = list(columns)
    if shape == "table":
        kind = "lnsDatatable"
        picture = {"layerId": layer, "layerType": "data", "columns": [{"columnId": name} for name in order],
                   "sorting": {"columnId": "metric", "direction": "desc"}}
    elif shape == "pie":
        kind = "lnsPie"
        picture = {"shape": "donut", "layers": [{
            "layerId": layer, "layerType": "data", "primaryGroups": [order[0]], "metrics": ["metric"],
            "numberDisplay": "percent", "categoryDisplay": "default", "legendDisplay": "default",
            "nestedLegend": False}]}
    else:
        kind = "lnsXY"
        data = {"layerId": layer, "layerType": "data", "seriesType": shape, "xAccessor": order[len(buckets) - 1],
                "accessors": ["metric"]}
        if len(buckets) == 2:
            data["splitAccessor"] = order[0]
        picture = {"preferredSeriesType": shape, "legend": {"isVisible": len(buckets) == 2, "position": "right"},
                   "valueLabels": "hide", "layers": [data]}
    state = {
        "datasourceStates": {"formBased": {"layers": {layer: {
            "columnOrder": order, "columns": columns, "incompleteColumns": {}}}}},
        "visualization": picture, "query": {"query": "", "language": "kuery"}, "filters": [],
        "internalReferences": [], "adHocDataViews": {}}
    reference = {"type": "index-pattern", "id": view, "name": f"indexpattern-datasource-layer-{layer}"}
    return saved("lens", id, {"title": title, "description": "", "visualizationType": kind, "state": state},
                 [reference], "8.9.0")


# OpenSearch Dashboards: visualizations

def old_aggregation(number, bucket, shape, isSplit):
    schema = "bucket" if shape == "table" else "group" if isSplit else "segment"
    params = {"field": bucket["field"]}
    if bucket["op"] == "terms":
        params |= {"size": bucket["size"], "order": "desc", "orderBy": "1", "otherBucket": False,
                   "missingBucket": False}
    elif bucket["op"] == "range":
        params["ranges"] = RATINGS
    else:
        params |= {"interval": bucket["interval"][1:], "useNormalizedOpenSearchInterval": True, "min_doc_count": 1,
                   "drop_partials": False, "extended_bounds": {}}
    return {"id": str(number + 2), "enabled": True, "type": bucket["op"], "schema": schema, "params": params}


def visualization(id, title, view, shape, buckets, metric):
    operation, field = metric
    kind = {"table": "table", "pie": "pie", "bar_horizontal": "horizontal_bar"}.get(shape, "histogram")
    aggregations = [{"id": "1", "enabled": True, "type": {"average": "avg"}.get(operation, operation),
                     "schema": "metric", "params": {"field": field} if field else {}}]
    aggregations += [old_aggregation(number, bucket, shape, len(buckets) == 2 and number == 0)
                     for number, bucket in enumerate(buckets)]
    state = {"title": title, "type": kind, "aggs": aggregations, "params": {"type": kind, "addTooltip": True}}
    if kind in ("histogram", "horizontal_bar"):
        state["params"] |= {
            "addLegend": len(buckets) == 2, "legendPosition": "right",
            "categoryAxes": [{"id": "CategoryAxis-1", "type": "category",
                              "position": "left" if kind == "horizontal_bar" else "bottom", "show": True,
                              "scale": {"type": "linear"}, "labels": {"show": True, "truncate": 100}, "title": {}}],
            "valueAxes": [{"id": "ValueAxis-1", "name": "LeftAxis-1", "type": "value",
                           "position": "bottom" if kind == "horizontal_bar" else "left", "show": True,
                           "scale": {"type": "linear", "mode": "normal"}, "labels": {"show": True},
                           "title": {"text": title}}],
            "seriesParams": [{"show": True, "type": "histogram", "mode": "stacked", "valueAxis": "ValueAxis-1",
                              "data": {"id": "1", "label": title}}]}
    search = {"query": {"query": "", "language": "kuery"}, "filter": [],
              "indexRefName": "kibanaSavedObjectMeta.searchSourceJSON.index"}
    return saved(
        "visualization", id,
        {"title": title, "description": "", "visState": text(state), "uiStateJSON": "{}", "version": 1,
         "kibanaSavedObjectMeta": {"searchSourceJSON": text(search)}},
        [{"type": "index-pattern", "id": view, "name": search["indexRefName"]}])


def dashboard(kind, version=None):
    panels, references = [], []
    for number, (id, *_) in enumerate(CHARTS):
        name = f"chart{number}"
        panels.append({
            "type": kind, "panelIndex": name, "panelRefName": f"panel_{name}", "embeddableConfig": {"enhancements": {}},
            "gridData": {"x": 24 * (number % 2), "y": 15 * (number // 2), "w": 24, "h": 15, "i": name}})
        prefix = f"{name}:" if version else ""
        references.append({"type": kind, "id": id, "name": f"{prefix}panel_{name}"})
    return saved(
        "dashboard", "marquee-catalogue",
        {"title": "Marquee: films, users and events", "description": "", "hits": 0, "version": 1,
         "timeRestore": False, "optionsJSON": text({"useMargins": True, "hidePanelTitles": False}),
         "panelsJSON": text(panels), "kibanaSavedObjectMeta": {
             "searchSourceJSON": text({"query": {"query": "", "language": "kuery"}, "filter": []})}},
        references, version)


def write(path, objects):
    path.write_text("".join(text(object) + "\n" for object in objects))


folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
# No time field: the filter for the last 15 minutes would hide every film.
write(folder / "marquee.ndjson",
      [saved("index-pattern", id, {"title": title, "name": title}, version="8.0.0") for id, title in VIEWS.items()]
      + [lens(*chart) for chart in CHARTS] + [dashboard("lens", "8.7.0")])
write(folder / "opensearch-dashboards.ndjson",
      [saved("index-pattern", id, {"title": title}) for id, title in VIEWS.items()]
      + [visualization(*chart) for chart in CHARTS] + [dashboard("visualization")])
