/*
 * Read a table file and print its coefficients, one to a line: l1 l2 l3 m1 m2 m3 value.
 *
 *   cc -std=c99 read_table.c -o read_table
 *   ./read_table real-l4.safetensors gaunt
 *
 * The layout is that of docs/table-format.md; the machine is little-endian.  `coupling check` tests the checksum.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *file;

static void stop(const char *reason)
{
    fprintf(stderr, "%s: %s\n", file, reason);
    exit(1);
}

/* The bytes of an array: "name":{"dtype":...,"shape":[count...],"data_offsets":[begin,end]}. */
static void *array(const char *header, const char *data, long size, const char *name, const char *dtype, long *count)
{
    char key[96];
    long begin, end;
    const char *entry, *shape, *offsets;
    snprintf(key, sizeof key, "\"%s\":{\"dtype\":\"%s\",\"shape\":[", name, dtype);
    if (!(entry = strstr(header, key))) /* the metadata are one text, in which every quote follows a backslash */
        stop("no such array of this type");
    shape = entry + strlen(key);
    *count = strtol(shape, NULL, 10);
    offsets = strstr(shape, "\"data_offsets\":[");
    if (!offsets || sscanf(offsets, "\"data_offsets\":[%ld,%ld]", &begin, &end) != 2)
        stop("the header is damaged");
    if (begin < 0 || end < begin || end > size)
        stop("the file is shorter than its header says");
    return memcpy(malloc((size_t)(end - begin) + 1), data + begin, (size_t)(end - begin));
}

int main(int arguments, char **argument)
{
    uint64_t length;
    long size, paths, entries, unused;
    char *bytes, reduced[64] = "reduced_";
    FILE *stream;
    if (arguments != 3)
        return fprintf(stderr, "usage: read_table FILE FAMILY\n"), 2;
    file = argument[1];
    strncat(reduced, argument[2], 40);
    if (!(stream = fopen(file, "rb")) || fseek(stream, 0, SEEK_END) || (size = ftell(stream)) < 8)
        stop("cannot be read");
    rewind(stream);
    if (!(bytes = malloc((size_t)size)) || fread(bytes, 1, (size_t)size, stream) != (size_t)size)
        stop("cannot be read");
    memcpy(&length, bytes, 8);
    if (length > 65536 || (long)length > size - 8 || bytes[8 + length - 1] > '}')
        stop("this is not a table");
    const char *data = bytes + 8 + length;
    char *header = memcpy(calloc(length + 1, 1), bytes + 8, length);
    size -= 8 + (long)length;
    if (!strstr(header, "\\\"schema_version\\\":1,")) /* version 2 holds twice the numbers, for half-integers */
        stop("this is not a table of version 1");
    double *core = array(header, data, size, "core", "F64", &entries);
    double *factor = array(header, data, size, reduced, "F64", &paths);
    int64_t *offset = array(header, data, size, "offsets", "I64", &unused);
    int8_t *order = array(header, data, size, "orders", "I8", &unused);
    uint8_t *path = array(header, data, size, "paths", "U8", &unused);
    for (long p = 0; p < paths; p++)
        for (int64_t e = offset[p]; factor[p] != 0 && e < offset[p + 1]; e++)
            printf("%d %d %d %d %d %d %.17g\n", path[3 * p], path[3 * p + 1], path[3 * p + 2], order[3 * e],
                   order[3 * e + 1], order[3 * e + 2], factor[p] * core[e]);
    return 0;
}
