/*
 * yaml_writer.h — a JSON document in YAML's block style, as a person would write it: what `tocsin export` prints and
 * `tocsin apply` reads.
 */
#ifndef WIRE_YAML_WRITER_H
#define WIRE_YAML_WRITER_H

#include "wire/json.h"

/* Appends the next value of the reader, indented by two blanks per depth; errors stay in the reader (json_end). */
void yaml_from_json(struct buf *out, struct json *);

#endif
