#include "ops/windows.hpp"

#include <algorithm>

namespace smelt::convolution {

Conv2D conv_2d(const Geometry& g, int32_t depth) {
  const int32_t groups = g.in_c / depth;
  const bool one_run = g.dilation_w == 1 && groups == 1;
  Conv2D p{};
  set_window(p, g);
  p.in_c = g.in_c;
  p.stride_w = g.stride_w;
  p.dilation_h = g.dilation_h;
  p.dilation_w = g.dilation_w;
  p.kernel_h = g.kernel_h;
  p.runs = one_run ? 1 : g.kernel_w;
  p.run_columns = one_run ? g.kernel_w : 1;
  p.depth = depth;
  p.groups = groups;
  p.group_out = g.out_c / groups;
  return p;
}

DepthwiseConv2D depthwise_conv_2d(const Geometry& g) {
  DepthwiseConv2D p{};
  set_window(p, g);
  p.in_c = g.in_c;
  p.out_c = g.out_c;
  p.stride_w = g.stride_w;
  p.dilation_h = g.dilation_h;
  p.dilation_w = g.dilation_w;
  p.kernel_h = g.kernel_h;
  p.kernel_w = g.kernel_w;
  p.multiplier = g.out_c / g.in_c;
  return p;
}

void set_params(Lowering& l, const Conv2D& p) {
  l.params("smelt::Conv2D", p,
           "step_rows in_h in_w in_c out_h out_w stride_h stride_w pad_top pad_left dilation_h dilation_w kernel_h runs "
           "run_columns depth groups group_out taps weights channels zero to.offset to.span to.low");
}

void set_params(Lowering& l, const DepthwiseConv2D& p) {
  l.params("smelt::DepthwiseConv2D", p,
           "step_rows in_h in_w in_c out_h out_w out_c stride_h stride_w pad_top pad_left dilation_h dilation_w kernel_h "
           "kernel_w multiplier weights channels zero to.offset to.span to.low");
}

void set_rows(Lowering& l, const Geometry& g) { l.windowed(g.stride_h, g.pad_top, (g.kernel_h - 1) * g.dilation_h + 1); }

void set_conv_2d_rows(Lowering& l, const Geometry& g, int32_t groups) {
  set_rows(l, g);
  if (g.batches == 1 && g.out_w % 2 != 0) l.out.block = std::min(2, g.out_h);
  if (g.kernel_h == 1 && g.kernel_w == 1 && g.stride_h == 1 && g.stride_w == 1 && groups == 1 && g.in_c == g.out_c &&
      g.pad_top == 0 && g.pad_left == 0 && l.input(0).shape == l.output().shape) {
    l.in_place(0);
  }
}

}  // namespace smelt::convolution
