// `#embed` of C23: the compiler reads each file as it is, and knows to compile this again when one changes.
#pragma clang diagnostic ignored "-Wc23-extensions"

#include "CDashboardFiles.h"

static const unsigned char api_js[] = {
#embed "../../Dashboard/Pages/api.js"
};
static const unsigned char catalog_html[] = {
#embed "../../Dashboard/Pages/catalog.html"
};
static const unsigned char catalog_js[] = {
#embed "../../Dashboard/Pages/catalog.js"
};
static const unsigned char charts_js[] = {
#embed "../../Dashboard/Pages/charts.js"
};
static const unsigned char dom_js[] = {
#embed "../../Dashboard/Pages/dom.js"
};
static const unsigned char film_html[] = {
#embed "../../Dashboard/Pages/film.html"
};
static const unsigned char film_js[] = {
#embed "../../Dashboard/Pages/film.js"
};
static const unsigned char filmlist_html[] = {
#embed "../../Dashboard/Pages/filmlist.html"
};
static const unsigned char filmlist_js[] = {
#embed "../../Dashboard/Pages/filmlist.js"
};
static const unsigned char films_js[] = {
#embed "../../Dashboard/Pages/films.js"
};
static const unsigned char icon_svg[] = {
#embed "../../Dashboard/Pages/icon.svg"
};
static const unsigned char layout_html[] = {
#embed "../../Dashboard/Pages/layout.html"
};
static const unsigned char live_js[] = {
#embed "../../Dashboard/Pages/live.js"
};
static const unsigned char model_html[] = {
#embed "../../Dashboard/Pages/model.html"
};
static const unsigned char model_js[] = {
#embed "../../Dashboard/Pages/model.js"
};
static const unsigned char models_html[] = {
#embed "../../Dashboard/Pages/models.html"
};
static const unsigned char models_js[] = {
#embed "../../Dashboard/Pages/models.js"
};
static const unsigned char monitoring_html[] = {
#embed "../../Dashboard/Pages/monitoring.html"
};
static const unsigned char monitoring_js[] = {
#embed "../../Dashboard/Pages/monitoring.js"
};
static const unsigned char overview_html[] = {
#embed "../../Dashboard/Pages/overview.html"
};
static const unsigned char overview_js[] = {
#embed "../../Dashboard/Pages/overview.js"
};
static const unsigned char quiz_html[] = {
#embed "../../Dashboard/Pages/quiz.html"
};
static const unsigned char quiz_js[] = {
#embed "../../Dashboard/Pages/quiz.js"
};
static const unsigned char shell_js[] = {
#embed "../../Dashboard/Pages/shell.js"
};
static const unsigned char style_css[] = {
#embed "../../Dashboard/Pages/style.css"
};
static const unsigned char trending_html[] = {
#embed "../../Dashboard/Pages/trending.html"
};
static const unsigned char trending_js[] = {
#embed "../../Dashboard/Pages/trending.js"
};
static const unsigned char user_html[] = {
#embed "../../Dashboard/Pages/user.html"
};
static const unsigned char user_js[] = {
#embed "../../Dashboard/Pages/user.js"
};

#define FILE(name, bytes) {name, bytes, sizeof bytes}

static const struct marquee_dashboard_file files[] = {
    FILE("api.js", api_js),
    FILE("catalog.html", catalog_html),
    FILE("catalog.js", catalog_js),
    FILE("charts.js", charts_js),
    FILE("dom.js", dom_js),
    FILE("film.html", film_html),
    FILE("film.js", film_js),
    FILE("filmlist.html", filmlist_html),
    FILE("filmlist.js", filmlist_js),
    FILE("films.js", films_js),
    FILE("icon.svg", icon_svg),
    FILE("layout.html", layout_html),
    FILE("live.js", live_js),
    FILE("model.html", model_html),
    FILE("model.js", model_js),
    FILE("models.html", models_html),
    FILE("models.js", models_js),
    FILE("monitoring.html", monitoring_html),
    FILE("monitoring.js", monitoring_js),
    FILE("overview.html", overview_html),
    FILE("overview.js", overview_js),
    FILE("quiz.html", quiz_html),
    FILE("quiz.js", quiz_js),
    FILE("shell.js", shell_js),
    FILE("style.css", style_css),
    FILE("trending.html", trending_html),
    FILE("trending.js", trending_js),
    FILE("user.html", user_html),
    FILE("user.js", user_js),
};

size_t marquee_dashboard_file_count(void) { return sizeof files / sizeof files[0]; }

struct marquee_dashboard_file marquee_dashboard_file_at(size_t index) { return files[index]; }
