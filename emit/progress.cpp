// How an inference goes on: in steps over an input that stands in the arena, or row by pushed row.
#include "emit/text.hpp"

namespace smelt::emit_detail {
namespace {

const Progress steps = {
    R"(/* The same in steps, for superloops: fill the inputs (@name@_input), begin, then step until it no longer answers
 * @NAME@_PENDING; each step computes at most `rows` rows. Then read the outputs (@name@_output). */
@name@_status @name@_begin(@name@_context* ctx);
@name@_status @name@_step(@name@_context* ctx, uint32_t rows);
)",
    R"(  Status step(uint32_t rows) { return @name@_step(context(), rows); }
)",
    R"(bool advance(@name@_context* ctx, uint32_t rows) {
  smelt::Cursor cursor{ctx->run, ctx->fired, ctx->turns};
  const bool left = smelt::step(model, ctx->arena, cursor, rows);
  keep(ctx, cursor);
  return left;
}
)",
    R"(void run(@name@_context* ctx) {
  rewind(ctx);
  advance(ctx, UINT32_MAX);
}
)",
    R"(@name@_status @name@_step(@name@_context* ctx, uint32_t rows) {
  if (!bound(ctx)) return @NAME@_BAD_ARGUMENT;
  return advance(ctx, rows) ? @NAME@_PENDING : @NAME@_OK;
}
)",
    "run(ctx)"};

const Progress pushes = {
    R"(/* The same row by row, for cameras and feature frames: begin, then push the input's @rows@ rows in order, each as soon as
 * it is there; a push computes all that can be computed. Answers @NAME@_PENDING while more rows are wanted and @NAME@_OK when
 * the outputs are ready (@name@_output). The whole input never stands in the arena. */
#define @NAME@_ROWS @rows@u
#define @NAME@_ROW_BYTES @row_bytes@u
@name@_status @name@_begin(@name@_context* ctx);
@name@_status @name@_push_row(@name@_context* ctx, const @type@* row);
)",
    R"(  Status push_row(const @type@* row) { return @name@_push_row(context(), row); }
)",
    R"(bool push(@name@_context* ctx, const void* row) {
  smelt::Cursor cursor{ctx->run, ctx->fired, ctx->turns};
  bool left = false;
  if (smelt::waiting(model, cursor)) {
    smelt::take_row(model, ctx->arena, cursor, row);
    left = smelt::step(model, ctx->arena, cursor, UINT32_MAX);
  }
  keep(ctx, cursor);
  return left;
}
)",
    R"(void run(@name@_context* ctx, const void* rows) {
  rewind(ctx);
  const uint8_t* row = static_cast<const uint8_t*>(rows);
  while (push(ctx, row)) row += @NAME@_ROW_BYTES;
}
)",
    R"(@name@_status @name@_push_row(@name@_context* ctx, const @type@* row) {
  if (!bound(ctx) || row == nullptr) return @NAME@_BAD_ARGUMENT;
  return push(ctx, row) ? @NAME@_PENDING : @NAME@_OK;
}
)",
    "run(ctx, in)"};

}  // namespace

Progress progress(const Program& p) {
  if (!p.pushed) return steps;
  const Operand& rows = p.operations[0].outputs[0];
  Progress texts = pushes;
  for (std::string* text : {&texts.declarations, &texts.members, &texts.advance, &texts.run, &texts.functions}) {
    *text = fill(*text, {{"rows", std::to_string(rows.rows)},
                         {"row_bytes", std::to_string(rows.row_bytes)},
                         {"type", c_type(p.graph.at(rows.tensor).dtype)}});
  }
  return texts;
}

}  // namespace smelt::emit_detail
