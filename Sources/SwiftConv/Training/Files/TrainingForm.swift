import Graph

/// What files call a loss, a metric or a schedule of the library: Keras's class and its arguments.
struct TrainingForm: Sendable {
    let className: String
    let arguments: [(key: String, value: Json)]

    init(_ className: String, _ arguments: [(String, Json)] = []) {
        self.className = className
        self.arguments = arguments.map { ($0.0, $0.1) }
    }
}

/// What files hold of a metric.
enum MetricForm: Sendable {
    /// A class of Keras.
    case keras(TrainingForm)
    /// A word that becomes one of several metrics by the shapes: "accuracy", "crossentropy".
    case byShapes(String)
    /// The mean of a loss.
    case loss(Loss)
}

/// A function or object in a file: a name alone, `{"class_name": "function", "config": name}`, or a class with arguments.
struct TrainingObject {
    /// The name as the file spells it.
    let name: String
    /// Whether it is a class with arguments, not a word or a function.
    let isClass: Bool
    /// Names under which a user may have registered it.
    let names: [String]
    let config: LayerConfig

    /// The name in small letters without underscores: files spell it "MeanSquaredError" and "mean_squared_error".
    var plain: String { name.lowercased().filter { $0 != "_" } }

    init(_ json: Json, _ what: String) throws(SwiftConvError) {
        if let word = json.asString {
            self.init(name: word, registered: nil, isClass: false, LayerConfig(for: "\(what): \(word)"))
            return
        }
        guard let word = json["class_name"]?.asString else {
            throw .invalidArgument("\(what): expected a name or an object with class_name, received \(json.text.prefix(80))")
        }
        if word == "__lambda__" {
            throw .invalidArgument("\(what): the file holds a Python lambda, which is never run: give it a name and register it")
        }
        let registered = json["registered_name"]?.asString
        guard let inner = json["config"], inner.asString == nil else {
            let function = json["config"]?.asString ?? word
            self.init(name: function, registered: registered, isClass: false, LayerConfig(for: "\(what): \(function)"))
            return
        }
        let config = try LayerConfig(inner, for: "\(what): \(word)")
        if let function = config["fn"] {
            // A function in Keras's wrapper: its arguments are the wrapper's.
            let wrapped = try TrainingObject(function, what)
            self.init(name: wrapped.name, registered: wrapped.names.last, isClass: true, config)
            return
        }
        self.init(name: word, registered: registered, isClass: true, config)
    }

    private init(name: String, registered: String?, isClass: Bool, _ config: LayerConfig) {
        self.name = name.split(separator: ">").last.map(String.init) ?? name
        self.isClass = isClass
        self.config = config
        names = [registered, name, self.name].compactMap { $0 }
    }

    /// The name that the object has of its own.
    var givenName: String? {
        get throws(SwiftConvError) { isClass && config.has("name") ? try config.string("name") : nil }
    }

    /// A function by its name, as files hold it.
    static func function(_ name: String) -> Json {
        .object([
            ("module", .string("builtins")), ("class_name", .string("function")), ("config", .string(name)),
            ("registered_name", .string(name)),
        ])
    }

    func unknown(_ what: String, _ how: String) -> SwiftConvError {
        .invalidArgument(
            "\(what): expected one of this library or one given to \(how), received \"\(name)\"; load(from:compile: false) reads the model without it"
        )
    }
}
