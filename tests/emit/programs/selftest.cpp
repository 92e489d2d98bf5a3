// Exits with 0 where selftest answers OK, 7 where it answers CORRUPT, 1 otherwise. -DMODEL=name -DNAME=NAME.
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#include TEXT(MODEL.hpp)

int main() {
  static MODEL::Model model;
  const auto status = model.selftest();
  return status == JOIN(NAME, _OK) ? 0 : status == JOIN(NAME, _CORRUPT) ? 7 : 1;
}
