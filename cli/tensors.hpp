// Tensor files: raw little-endian bytes, or NumPy's .npy.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.hpp"
#include "passes/row_layout.hpp"
#include "verify/measure.hpp"

namespace smelt::cli {

/// The elements of a tensor file for a tensor of this type. An .npy file must have the tensor's dtype and, but
/// for ones, its shape (a leading dimension more means several runs) or rows of flat tensors; a raw file is taken as it is. The content is a positive multiple of the tensor's size.
/// An array of the file's own shape is put into the order of rows; content without a shape has that order already.
Result<Bytes> read_tensor(const std::string& path, const Tensor& type, const std::optional<PortLayout>& layout);

/// .npy where the name ends so, in the file's shape and order; raw otherwise, in the order of rows. `runs` tensors one after
/// the other.
Outcome write_tensor(const std::string& path, const Tensor& type, const std::optional<PortLayout>& layout, const Bytes& content,
                     std::size_t runs);

/// The file of each port: `NAME=FILE` arguments by their tensor's name, the others in order; empty where there is none.
Result<std::vector<std::string>> match_ports(const Graph& graph, const std::vector<TensorId>& ports, const std::string& option,
                                             const std::vector<std::string>& arguments);

/// `FILE` or `NAME=FILE` arguments, matched to the graph's ports: by run, then by port.
Result<verify::Runs> read_inputs(const Graph& graph, const RowLayout& layout, const std::vector<std::string>& arguments);

/// in_*.bin of a directory, in order; a model with several inputs has in_*_0.bin, in_*_1.bin, ... (or all tensors of a run
/// in one file, one after the other). `stem` is "in" or "out", `ports` the graph's inputs or outputs.
Result<verify::Runs> read_directory(const Graph& graph, const std::vector<TensorId>& ports, const std::string& directory,
                                    const std::string& stem);

/// `count` repeatable pseudo-random runs: uniform bytes for integers, [-1, 1) for floats.
verify::Runs random_inputs(const Graph& graph, std::size_t count);

}  // namespace smelt::cli
