// Sources: Keras 2.15, saving/legacy/hdf5_format.py; Keras 3, saving/saving_lib.py, legacy/saving/legacy_h5_format.py.
#include "import/keras_file.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include "import/builder.hpp"
#include "import/text.hpp"
#include "import/zip.hpp"

namespace smelt::keras {
namespace {

constexpr int64_t max_description = int64_t{16} << 20;
constexpr int max_json_depth = 200;
constexpr int max_nesting = 16;  ///< of models and wrappers

[[noreturn]] void refuse(const char* code, const std::string& place, const std::string& reason,
                         const std::string& help) {
  throw Refusal{Failure(code, place, reason, help)};
}

template <class T>
T take(Result<T> result) {
  if (!result) throw Refusal{result.failure()};
  return *std::move(result);
}

// ---- description ----

/// Parsers of JSON, and what walks its trees, may be recursive; braces within strings do not count.
bool too_deep(const std::string& text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') ++i;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > max_json_depth) return true;
  }
  return false;
}

Json parse_json(const std::string& text, const std::string& place) {
  const bool deep = too_deep(text);
  Json json = deep ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) {
    refuse("E0141", place,
           deep ? "the model's description is nested too deeply" : "the model's description is not well formed JSON",
           "save the model again");
  }
  return json;
}

// ---- layers ----

/// The name under which Keras 3 keeps the weights of a class: Conv2DTranspose is conv2d_transpose.
std::string snake_case(const std::string& name) {
  const auto lower = [&](size_t i) {
    return i < name.size() && std::islower(static_cast<unsigned char>(name[i])) != 0;
  };
  const auto upper = [&](size_t i) {
    return i < name.size() && std::isupper(static_cast<unsigned char>(name[i])) != 0;
  };
  std::vector<char> breaks(name.size() + 1);  // before which letters
  for (size_t i = 0; i < name.size();) {      // Keras: "(.)([A-Z][a-z]+)"
    if (!upper(i + 1) || !lower(i + 2)) {
      ++i;
      continue;
    }
    breaks[i + 1] = 1;
    for (i += 2; lower(i);) ++i;
  }
  std::string snake;
  for (size_t i = 0; i < name.size(); ++i) {  // "([a-z])([A-Z])"
    if (breaks[i] != 0 || (i > 0 && lower(i - 1) && upper(i))) snake += '_';
    snake += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return snake;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::vector<Variable> variables_of(const std::string& cls, const Json& config) {
  std::vector<Variable> v;
  const auto add = [&](std::initializer_list<const char*> names) {
    for (const char* n : names) v.push_back({n});
  };
  const bool bias = flag(config, "use_bias", true);
  if (cls.rfind("Separable", 0) == 0) add({"depthwise_kernel", "pointwise_kernel"});
  if (cls.rfind("Depthwise", 0) == 0) add({"kernel"});  // Keras 2 says depthwise_kernel
  if (cls == "Dense" || cls.rfind("Conv", 0) == 0) add({"kernel"});
  if (cls == "LSTM" || cls == "GRU" || cls == "SimpleRNN") add({"kernel", "recurrent_kernel"});
  if (!v.empty() && bias) add({"bias"});
  if (cls == "Embedding") add({"embeddings"});
  if (cls == "PReLU") add({"alpha"});
  if (cls == "BatchNormalization" || cls == "LayerNormalization") {
    const bool root = flag(config, "rms_scaling", false);
    if (flag(config, "scale", true) || root) add({"gamma"});
    if (flag(config, "center", true) && !root) add({"beta"});
  }
  if (cls == "BatchNormalization") v.insert(v.end(), {{"moving_mean", false}, {"moving_variance", false}});
  if (cls == "Normalization" && field(config, "mean") == nullptr) {
    v.insert(v.end(), {{"mean", false}, {"variance", false}, {"count", false, false}});
  }
  return v;
}

class Describer {
 public:
  explicit Describer(const std::string& file) : file_(file) {}

  Layer layer(const Json& json, bool trainable, int depth) {
    if (!json.is_object()) refuse("E0141", file_, "a layer is not described by an object", "save the model again");
    Layer l;
    l.class_name = printable(text(json, "class_name"), 80);
    l.json = &json;
    const Json* config = field(json, "config");
    static const Json nothing = Json::object();
    l.config = config == nullptr ? &nothing : config;
    const std::string of_config = l.config->is_object() ? text(*l.config, "name") : "";
    l.name = of_config.empty() ? text(json, "name") : of_config;
    l.number = count_++;
    if (depth > max_nesting) refuse("E0141", place(file_, l), "models are nested too deeply", "make it a flat model");
    if (count_ > static_cast<int>(max_graph_nodes))
      refuse("E0201", file_, "the model has more than " + std::to_string(max_graph_nodes) + " layers", "");
    l.trainable = trainable && (!l.config->is_object() || flag(*l.config, "trainable", true));
    if (l.is_model()) {
      add_layers(l, depth);
    } else if (l.class_name == "Bidirectional" || l.class_name == "TimeDistributed") {
      add_wrapped(l, depth);
    } else if (l.config->is_object()) {
      l.variables = variables_of(l.class_name, *l.config);
    }
    return l;
  }

 private:
  void add_layers(Layer& l, int depth) {
    const Json* list = l.config->is_array() ? l.config : field(*l.config, "layers");
    if (list == nullptr || !list->is_array())
      refuse("E0141", place(file_, l), "the model has no list of layers", "save the model again");
    std::map<std::string, int> seen;
    for (const Json& json : *list) {
      l.children.push_back(layer(json, l.trainable, depth + 1));
      Layer& child = l.children.back();
      const std::string name = snake_case(child.class_name);
      const int n = seen[name]++;
      child.key = "layers/" + name + (n == 0 ? "" : "_" + std::to_string(n));
    }
  }

  void add_wrapped(Layer& l, int depth) {
    const Json* inner = field(*l.config, "layer");
    if (inner == nullptr) refuse("E0141", place(file_, l), "the wrapper wraps nothing", "save the model again");
    l.children.push_back(layer(*inner, l.trainable, depth + 1));
    l.children[0].key = l.class_name == "Bidirectional" ? "forward_layer" : "layer";
    if (l.class_name == "TimeDistributed") return;
    const Json* own = field(*l.config, "backward_layer");
    l.children.push_back(layer(own == nullptr ? *inner : *own, l.trainable, depth + 1));
    l.children[1].key = "backward_layer";
    l.children[1].backward = own == nullptr;
  }

  const std::string& file_;
  int count_ = -1;  // the model itself is none
};

// ---- weights ----

bool recurrent(const Layer& l) {
  return l.class_name == "LSTM" || l.class_name == "GRU" || l.class_name == "SimpleRNN";
}

/// .keras: a tree as the objects of Python are nested, weights numbered.
void load_tree(Hdf5& weights, Layer& l, const std::string& path, const std::string& file) {
  for (size_t i = 0; i < l.variables.size(); ++i) {
    l.weights.emplace_back();
    if (!l.variables[i].needed) continue;
    const std::string at = path + (recurrent(l) ? "cell/vars/" : "vars/") + std::to_string(i);
    if (!weights.has(at)) {
      refuse("E0142", place(file, l), "the file lacks its weights \"" + l.variables[i].name + "\"",
             "save the model again by model.save");
    }
    l.weights.back() = take(weights.array(at));
  }
  for (Layer& child : l.children) load_tree(weights, child, path + child.key + "/", file);
}

struct Slot {
  Layer* layer;
  size_t variable;
};

/// Those of a layer and all within it, either the trainable ones or the others.
void collect(Layer& l, bool trainable, std::vector<Slot>& slots) {
  l.weights.resize(l.variables.size());
  for (size_t i = 0; i < l.variables.size(); ++i) {
    if ((l.trainable && l.variables[i].trainable) == trainable) slots.push_back({&l, i});
  }
  for (Layer& child : l.children) collect(child, trainable, slots);
}

/// Lists that are too long for one attribute are cut into several.
std::vector<std::string> long_strings(Hdf5& file, const std::string& path, const std::string& attribute) {
  if (file.has_attribute(path, attribute) || !file.has_attribute(path, attribute + "0"))
    return take(file.strings(path, attribute));
  std::vector<std::string> all;
  for (int i = 0; file.has_attribute(path, attribute + std::to_string(i)); ++i) {
    const std::vector<std::string> part = take(file.strings(path, attribute + std::to_string(i)));
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

/// .h5: a flat list of weights for each outermost layer.
void load_flat(Hdf5& h5, Layer& model, const std::string& file) {
  for (Layer& l : model.children) {
    std::vector<Slot> slots;
    collect(l, true, slots);
    collect(l, false, slots);
    if (slots.empty()) continue;
    const std::string group = "model_weights/" + l.name;
    if (!h5.has(group))
      refuse("E0142", place(file, l), "the file lacks its weights", "save the whole model by model.save");
    const std::vector<std::string> names = long_strings(h5, group, "weight_names");
    if (names.size() != slots.size()) {
      refuse("E0142", place(file, l),
             "the file has " + std::to_string(names.size()) + " weights for it, " + std::to_string(slots.size()) +
                 " are needed",
             "a custom or newer layer; save the model again, or replace the layer");
    }
    for (size_t i = 0; i < slots.size(); ++i) {
      const Variable& v = slots[i].layer->variables[slots[i].variable];
      const std::string stem = names[i].substr(0, names[i].rfind(':'));
      if (!ends_with(stem, v.name)) {
        refuse("E0142", place(file, *slots[i].layer),
               "the weights \"" + printable(names[i], 200) + "\" stand where \"" + v.name + "\" should be",
               "save the model again");
      }
      if (v.needed) slots[i].layer->weights[slots[i].variable] = take(h5.array(group + "/" + names[i]));
    }
  }
}

// ---- the two containers ----

int major_version(const std::string& version) { return !version.empty() && version[0] >= '3' ? 3 : 2; }

using Known = Outcome (*)(const File&);

void describe(File& file, Known known) {
  file.model = Describer(file.name).layer(file.json, true, 0);
  if (file.model.is_model()) {
    take(known(file));
    return;
  }
  refuse("E0140", place(file.name, file.model), "this is not a Sequential or Functional model",
         "a model of a class of its own holds Python code; build it with the functional API");
}

void read_h5(Hdf5& h5, File& file, Known known) {
  if (!h5.has_attribute("", "model_config")) {
    refuse("E0140", file.name, "the file holds weights only, or no Keras model at all",
           "save the whole model by model.save, not save_weights");
  }
  const auto one = [&](const char* name) {
    const std::vector<std::string> all = take(h5.strings("", name));
    return all.empty() ? std::string() : all[0];
  };
  const std::string description = one("model_config");
  if (static_cast<int64_t>(description.size()) > max_description)
    refuse("E0141", file.name, "the model's description is too long", "");
  file.json = parse_json(description, file.name);
  file.version = h5.has_attribute("", "keras_version") ? major_version(one("keras_version")) : 2;
  describe(file, known);
  load_flat(h5, file.model, file.name);
}

void read_zip(const Zip& zip, File& file, Known known) {
  const auto entry = [&](const char* name, int64_t limit) {
    if (!zip.has(name))
      refuse("E0140", file.name, std::string("the archive has no ") + name + ", so it is not a Keras model",
             "save it by model.save");
    return take(zip.read(name, limit));
  };
  const auto json = [&](const char* name) {
    const Bytes bytes = entry(name, max_description);
    return parse_json({bytes.begin(), bytes.end()}, file.name + ": " + name);
  };
  file.json = json("config.json");
  file.version = zip.has("metadata.json") ? major_version(text(json("metadata.json"), "keras_version")) : 3;
  describe(file, known);
  const Bytes bytes = entry("model.weights.h5", max_graph_bytes);
  Hdf5 weights = take(Hdf5::open(bytes, file.name + ": model.weights.h5"));
  // Versions before 2.13 name the list of layers differently.
  const bool old = !weights.has("layers") && weights.has("_layer_checkpoint_dependencies");
  if (old) {
    for (Layer& l : file.model.children) l.key.replace(0, 6, "_layer_checkpoint_dependencies");
  }
  load_tree(weights, file.model, "", file.name);
}

}  // namespace

const Json* field(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text(const Json& object, const char* name, const std::string& absent) {
  const Json* value = field(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : absent;
}

bool flag(const Json& object, const char* name, bool absent) {
  const Json* value = field(object, name);
  if (value != nullptr && value->is_boolean()) return value->get<bool>();
  return absent;
}

std::string place(const std::string& file, const Layer& layer) {
  if (layer.number < 0) return file;
  return file + ": layer " + std::to_string(layer.number) + " \"" + shortened(printable(layer.name)) + "\" (" +
         layer.class_name + ")";
}

Result<std::unique_ptr<File>> read(std::span<const uint8_t> bytes, const std::string& name, Known known) {
  auto file = std::make_unique<File>();
  file->name = name;
  try {
    if (is_hdf5(bytes)) {
      Hdf5 h5 = take(Hdf5::open(bytes, name));
      read_h5(h5, *file, known);
    } else {
      read_zip(take(Zip::open(bytes, name)), *file, known);
    }
  } catch (const Refusal& refusal) {
    return refusal.failure;
  }
  return file;
}

}  // namespace smelt::keras
