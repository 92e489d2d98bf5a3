// Transposed convolution: every output pixel gathers the input pixels whose windows cover it.
#ifndef SMELT_RUNTIME_OPS_TRANSPOSE_CONV_HPP
#define SMELT_RUNTIME_OPS_TRANSPOSE_CONV_HPP

#include <stdint.h>

#include "../core.hpp"
#include "../quantize.hpp"

namespace smelt {

/// Views: output, input, scratch for `out_c` sums.
struct TransposeConv {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t stride_h, stride_w, pad_top, pad_left;
  int32_t kernel_h, kernel_w;
  int32_t weights;   ///< offset: [output channel][row][column][input channel]
  int32_t channels;  ///< offset: Channel or float bias of each output channel
  int32_t zero;      ///< int8: the input's zero point
  Clamp to;          ///< see requantize_store and clamp_store
};

/// Along one axis, input positions [first, end) whose windows reach output position `out`; tap of the first one, from
/// which each next one is a stride less.
struct Covering {
  int32_t first, end, tap;
  Covering(int32_t out, int32_t pad, int32_t stride, int32_t kernel, int32_t size) {
    const int32_t at = out + pad;
    first = at < kernel ? 0 : (at - kernel) / stride + 1;
    end = at / stride + 1 < size ? at / stride + 1 : size;
    tap = at - first * stride;
  }
};

template <class T, class Acc, class Store>
inline void transpose_conv(const Firing& f, Acc zero, Store store) {
  const TransposeConv& p = f.as<TransposeConv>();
  const T* weights = f.constant<T>(static_cast<uint32_t>(p.weights));
  Acc* acc = f.out<Acc>(2, 0);
  const int32_t filter = p.kernel_h * p.kernel_w * p.in_c;
  for (int32_t row = f.step; row < f.step + f.count; ++row) {
    const int32_t image = row / p.out_h;
    const Covering v(row - image * p.out_h, p.pad_top, p.stride_h, p.kernel_h, p.in_h);
    T* out = f.out<T>(0, row);
    for (int32_t x = 0; x < p.out_w; ++x, out += p.out_c) {
      const Covering h(x, p.pad_left, p.stride_w, p.kernel_w, p.in_w);
      for (int32_t c = 0; c < p.out_c; ++c) acc[c] = Acc{};
      for (int32_t y = v.first; y < v.end; ++y) {
        const int32_t kernel_row = (v.tap - (y - v.first) * p.stride_h) * p.kernel_w;
        const T* in = f.in<T>(1, image * p.in_h + y) + h.first * p.in_c;
        for (int32_t k = h.tap, i = h.first; i < h.end; ++i, k -= p.stride_w, in += p.in_c) {
          const T* w = weights + (kernel_row + k) * p.in_c;
          for (int32_t c = 0; c < p.out_c; ++c, w += filter) {
            Acc sum = acc[c];
            for (int32_t j = 0; j < p.in_c; ++j) sum += (static_cast<Acc>(in[j]) - zero) * static_cast<Acc>(w[j]);
            acc[c] = sum;
          }
        }
      }
      store(acc, out);
    }
  }
}

inline void transpose_conv_s8(const Firing& f) {
  const TransposeConv& p = f.as<TransposeConv>();
  const Channel* channels = f.constant<Channel>(static_cast<uint32_t>(p.channels));
  transpose_conv<int8_t, int32_t>(
      f, p.zero, [&p, channels](const int32_t* acc, int8_t* out) { requantize_store(channels, acc, p.out_c, p.to, out); });
}

inline void transpose_conv_f32(const Firing& f) {
  const TransposeConv& p = f.as<TransposeConv>();
  const float* bias = f.constant<float>(static_cast<uint32_t>(p.channels));
  transpose_conv<float, float>(
      f, 0.0F, [&p, bias](const float* acc, float* out) { clamp_store(bias, acc, p.out_c, p.to, out); });
}

}  // namespace smelt

#endif
