/* A model written by hand in the form of emitted ones: 8 rows of 4 bytes, hidden = in + first, out = hidden + second.
 */
#ifndef TINY_H
#define TINY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TINY_ARENA_BYTES 112
#define TINY_ARENA_ALIGN 16

typedef struct {
  uint8_t* arena;
  uint16_t cursor[2];
} tiny_context;

int32_t tiny_init(tiny_context* context, void* arena, size_t bytes);
int32_t tiny_invoke(tiny_context* context, const int8_t* in, int8_t* out);

#ifdef __cplusplus
}
#endif

#endif
