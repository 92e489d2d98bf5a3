/* The least model: its code, its tables and its static memory have sizes known beforehand. */
#ifndef STILL_H
#define STILL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  uint8_t* arena;
} still_context;

static inline void still_init(still_context* context, void* arena, size_t bytes) {
  (void)bytes;
  context->arena = (uint8_t*)arena;
}
int32_t still_invoke(still_context* context, const int8_t* in, int8_t* out);

#ifdef __cplusplus
}
#endif

#endif
