// Which recordings are for training, for validation and for the test.
#pragma once

#include <utility>
#include <vector>

#include "dataset/recording.hpp"

namespace smelt::dataset {

/// By recording or by group, as `how` says: those of one content stay together and, by group, those of one
/// group. Labels keep the proportions, in seconds (pictures: in number), as far as whole groups allow. The same recordings
/// and `how` give the same splits, whatever their order in the list. Patterns win over all of that.
/// With `keep`, recordings that have a split keep it, and the others fill up. Fails with E1025 where groups are asked for and
/// there are none, and where patterns overlap or fit nothing.
Result<std::vector<std::pair<std::int64_t, Split>>> assign_splits(const std::vector<Recording>& recordings, const project::Split& how,
                                                                  bool keep = false);

}  // namespace smelt::dataset
