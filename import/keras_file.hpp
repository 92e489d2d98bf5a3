// What a Keras file holds, whichever of its two forms it has: a tree of layers with their weights. Internal to import/.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "import/hdf5.hpp"
#include "ir/diagnostic.hpp"

namespace smelt::keras {

using Json = nlohmann::json;

/// A weight as the layer declares it.
struct Variable {
  std::string name;       ///< as .h5 files have it behind the layer's name
  bool trainable = true;  ///< .h5 files put the weights of a model that are not behind those that are
  bool needed = true;
};

struct Layer {
  std::string class_name, name;
  std::string key;               ///< where .keras files keep its weights, seen from the layer around it
  const Json* json = nullptr;    ///< all of it: class_name, config, inbound_nodes
  const Json* config = nullptr;  ///< never null: an object, or the list that is an old Sequential's
  bool backward = false;         ///< of a Bidirectional: the one that runs against the other
  bool trainable = true;
  std::vector<Variable> variables;
  std::vector<Layer> children;  ///< of a model: its layers; of a wrapper: what it wraps

  std::vector<Hdf5::Array> weights;  ///< as `variables`; empty arrays where not needed
  int number = 0;                    ///< in the file, counted through

  bool is_model() const { return class_name == "Functional" || class_name == "Sequential" || class_name == "Model"; }
};

struct File {
  std::string name;
  int version = 2;  ///< of Keras: 2 or 3
  Json json;        ///< the model
  Layer model;      ///< points into `json`
};

/// Opens the container, checks the description's form, collects all layers, asks whether they are `known`, and reads
/// their weights.
Result<std::unique_ptr<File>> read(std::span<const uint8_t> bytes, const std::string& name,
                                   Outcome (*known)(const File&));

/// Place of messages about a layer.
std::string place(const std::string& file, const Layer& layer);

/// Fields of a description that may have any form; what is not as it should be counts as absent.
const Json* field(const Json& object, const char* name);  ///< null when absent or JSON's null
std::string text(const Json& object, const char* name, const std::string& absent = {});
bool flag(const Json& object, const char* name, bool absent);

}  // namespace smelt::keras
