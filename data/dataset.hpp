// Examples for a model's inputs, from arrays, folders of raw tensors, or pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace smelt::data {

/// How what files hold becomes the real values that a float model wants.
struct Source {
  std::string raw_type = "f4";  ///< elements of files without a header: f4, i1, u1, i2 (NumPy's letters)
  double scale = 1;             ///< real = scale * (stored - zero), for arrays and raw files
  double zero = 0;
  double black = 0;             ///< what 0 and 255 of a picture become
  double white = 1;
  size_t limit = 0;             ///< at most so many, evenly spread over all there are; 0: all
};

struct Dataset {
  std::vector<std::vector<Bytes>> runs;  ///< by run, then by graph input: floats
  std::vector<std::string> names;        ///< of each run: its file below the folder, or its number
};

/// `path`: an .npy file (one input; runs along the first dimension), an .npz file (one array for each input, by its name, or
/// a single one), a raw file (runs one after the other), or a folder: of pictures (JPEG, PNG; also in folders of it), of .npy,
/// or of raw files, one or more runs each. Files are taken in the order of their names. All of the model's inputs must be f32.
Result<Dataset> load_dataset(const std::string& path, const Graph& graph, const Source& source = {});

/// Class numbers for the runs of a dataset. `path`: a CSV file with a column `label` and, where rows are not in the order of
/// the runs, a column `file` (or `name`, `filename`) of names or `index` of numbers; a file of one label a line; or "folders": each run's
/// label is the name of its file's folder. Labels are numbers or names: the model's class names, else those that occur, sorted.
Result<std::vector<int>> load_labels(const std::string& path, const std::vector<std::string>& names,
                                     const std::vector<std::string>& classes);

}  // namespace smelt::data
