#include "still.h"

namespace smelt_still {

extern const int32_t table[4];
const int32_t table[4] = {0, 1, 2, 3};
extern const int32_t unused[100];
const int32_t unused[100] = {1};
extern const int32_t* volatile kept[2];
const int32_t* volatile kept[2] = {table, table};

}  // namespace smelt_still

extern "C" int32_t still_invoke(still_context*, const int8_t*, int8_t*) { return smelt_still::kept[0][0]; }
