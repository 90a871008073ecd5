import Ops
import TensorCore

extension Passes {
    /// A border of zeros that only a convolution reads becomes the convolution's padding: it reads the image in place then.
    static func absorbPadding(_ program: inout Program) {
        let wanted = program.wantedAtEnd()
        let readers = program.readers()
        var isGone = [Bool](repeating: false, count: program.nodes.count)
        for index in program.nodes.indices where program.nodes[index].op.name == KnownOps.pad {
            guard let reader = soleReader(of: index, program, readers, wanted), program.nodes[reader].op.name == KnownOps.convolution,
                let border = zeroBorder(program.nodes[index], program), let own = padding(program.nodes[reader])
            else { continue }
            var node = program.nodes[reader]
            node.attributes["padding"] = .ints(zip(own, border).map { $0 + $1 })
            node.inputs[0] = program.nodes[index].inputs[0]
            // The op has the last word on what it accepts.
            guard let specs = try? node.op.outputSpecs(program.specs(node.inputs), node.attributes), specs == program.specs(node.outputs)
            else { continue }
            node.fused.append(KnownOps.pad)
            program.nodes[reader] = node
            isGone[index] = true
            program.notes.append("fused \(KnownOps.pad) into \(node.op.name)")
        }
        program.nodes = zip(program.nodes, isGone).filter { !$0.1 }.map(\.0)
    }

    /// Top, bottom, left, right of a node that pads rows and columns of images with zeros.
    private static func zeroBorder(_ node: Program.Node, _ program: Program) -> [Int]? {
        guard let amounts = try? node.attributes.ints("paddings"), amounts.count == 8, amounts[0...1] == [0, 0], amounts[6...7] == [0, 0],
            (try? node.attributes.string("mode", default: "constant"))?.lowercased() == "constant",
            (try? node.attributes.double("value", default: 0)) == 0
        else { return nil }
        return Array(amounts[2...5])
    }

    /// The padding of a convolution as amounts, unless it follows from its input's size.
    private static func padding(_ node: Program.Node) -> [Int]? {
        switch try? Padding(node.attributes, op: node.op.name) {
        case .valid: [0, 0, 0, 0]
        case .explicit(let top, let bottom, let left, let right): [top, bottom, left, right]
        default: nil
        }
    }
}
