/*
 * default.c — the templates that receivers use when nothing else is said.  Their names are Alertmanager's,
 * because configurations refer to them; their words are ours.
 */
#include "base/must.h"
#include "tmpl/tmpl.h"

static const char defaults[] =
    "{{ define \"__subject\" }}[{{ .Status | toUpper }}{{ if eq .Status \"firing\" }}:{{ .Alerts.Firing | "
    "len }}"
    "{{ end }}] {{ .GroupLabels.SortedPairs.Values | join \" \" }} {{ if gt (len .CommonLabels) (len "
    ".GroupLabels) }}"
    "({{ with .CommonLabels.Remove .GroupLabels.Names }}{{ .Values | join \" \" }}{{ end }}){{ end }}{{ end "
    "}}\n"
    "{{ define \"__alerts_text\" }}{{ range . }}"
    "- since {{ .StartsAt.Format \"2006-01-02 15:04:05 MST\" }}\n"
    "{{ range .Labels.SortedPairs }}    {{ .Name }}: {{ .Value }}\n{{ end }}"
    "{{ range .Annotations.SortedPairs }}    {{ .Name }}: {{ .Value }}\n{{ end }}"
    "{{ with .GeneratorURL }}    {{ . }}\n{{ end }}{{ end }}{{ end }}\n"
    "{{ define \"email.default.subject\" }}{{ template \"__subject\" . }}{{ end }}\n"
    "{{ define \"email.default.text\" }}"
    "{{ with .Alerts.Firing }}Firing: {{ len . }}\n{{ template \"__alerts_text\" . }}{{ end }}"
    "{{ with .Alerts.Resolved }}Resolved: {{ len . }}\n{{ template \"__alerts_text\" . }}{{ end }}"
    "{{ .ExternalURL }}\n{{ end }}\n"
    "{{ define \"__alerts_html\" }}{{ range . }}<div style=\"margin:0 0 1em;padding:.6em .8em;border:1px "
    "solid #ccc\">"
    "<div>since {{ .StartsAt.Format \"2006-01-02 15:04:05 MST\" }}</div><table>"
    "{{ range .Labels.SortedPairs }}<tr><td>{{ .Name }}</td><td><b>{{ .Value }}</b></td></tr>{{ end }}"
    "{{ range .Annotations.SortedPairs }}<tr><td>{{ .Name }}</td><td>{{ .Value }}</td></tr>{{ end }}</table>"
    "{{ with .GeneratorURL }}<a href=\"{{ . }}\">Source</a>{{ end }}</div>{{ end }}{{ end }}\n"
    "{{ define \"email.default.html\" }}<!DOCTYPE html><html><head><meta charset=\"utf-8\">"
    "<title>{{ template \"__subject\" . }}</title></head><body style=\"font-family:sans-serif\">"
    "{{ with .Alerts.Firing }}<h2 style=\"color:#b00\">Firing: {{ len . }}</h2>{{ template \"__alerts_html\" "
    ". }}{{ end }}"
    "{{ with .Alerts.Resolved }}<h2 style=\"color:#070\">Resolved: {{ len . }}</h2>{{ template "
    "\"__alerts_html\" . }}{{ end }}"
    "<p><a href=\"{{ .ExternalURL }}\">{{ .ExternalURL }}</a></p></body></html>{{ end }}\n";

void
tmpl_add_defaults(struct tmpl_set *s)
{
	struct err e;
	enum rc rc = tmpl_add(s, STR("defaults"), str_c(defaults), &e);
	must(rc == RC_OK);
}
