/* A model whose first kernel does what the first word of its input says, see odd.cpp; the second word is an argument.
 */
#ifndef ODD_H
#define ODD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  uint8_t* arena;
} odd_context;

void odd_init(odd_context* context, void* arena, size_t bytes);
int32_t odd_invoke(odd_context* context, const uint32_t* in, uint32_t* out);

#ifdef __cplusplus
}
#endif

#endif
