// Runs a model that keeps state, and prints its outputs as bytes: twice, once more behind reset, and once behind a selftest.
// A second model beside it sees nothing of the first. -DMODEL=name -DNAME=NAME -DIN=type -DOUT=type -DINPUTS=n -DOUTPUTS=n.
#include <stdio.h>
#include <string.h>

#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#include TEXT(MODEL.hpp)

namespace {

IN x[INPUTS];

template <class Model>
void run(Model& model) {
  OUT y[OUTPUTS];
  if (model.invoke(x, y) != 0) printf("failed");
  unsigned char bytes[sizeof y];
  memcpy(bytes, y, sizeof y);
  for (const unsigned char b : bytes) printf("%02x", b);
  printf("\n");
}

}  // namespace

int main() {
  static MODEL::Model model, other;
  for (int i = 0; i < INPUTS; ++i) x[i] = static_cast<IN>((i * 7 % 5 - 1) * 40);
  run(model);
  run(model);
  run(other);
  if (model.reset() != 0) return 1;
  run(model);
  if (model.selftest() != 0) return 2;
  run(model);
  return 0;
}
