// Counts the heap by standing in for operator new and delete of this whole program.
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <new>

#include "tests/import/models.hpp"

namespace {
std::atomic<size_t> live{0};
std::atomic<size_t> peak{0};

void* allocate(size_t size, size_t align) {
  void* p = align <= alignof(std::max_align_t) ? std::malloc(size)
                                               : std::aligned_alloc(align, (size + align - 1) / align * align);
  if (p == nullptr) throw std::bad_alloc();
  const size_t now = live += malloc_usable_size(p);
  size_t seen = peak;
  while (now > seen && !peak.compare_exchange_weak(seen, now)) {
  }
  return p;
}

void release(void* p) {
  if (p != nullptr) live -= malloc_usable_size(p);
  std::free(p);
}
}  // namespace

void* operator new(size_t size) { return allocate(size, 1); }
void* operator new[](size_t size) { return allocate(size, 1); }
void* operator new(size_t size, std::align_val_t align) { return allocate(size, static_cast<size_t>(align)); }
void* operator new[](size_t size, std::align_val_t align) { return allocate(size, static_cast<size_t>(align)); }
// The library's sorts ask for their buffers so; under AddressSanitizer each form has an allocator of its own.
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  try {
    return allocate(size, 1);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](size_t size, const std::nothrow_t& nothrow) noexcept { return operator new(size, nothrow); }
void operator delete(void* p) noexcept { release(p); }
void operator delete[](void* p) noexcept { release(p); }
void operator delete(void* p, size_t) noexcept { release(p); }
void operator delete[](void* p, size_t) noexcept { release(p); }
void operator delete(void* p, std::align_val_t) noexcept { release(p); }
void operator delete[](void* p, std::align_val_t) noexcept { release(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { release(p); }
void operator delete[](void* p, size_t, std::align_val_t) noexcept { release(p); }

namespace smelt::testing {
size_t heap_peak(const std::function<void()>& action) {
  const size_t before = live;
  peak = before;
  action();
  return peak - before;
}
}  // namespace smelt::testing
