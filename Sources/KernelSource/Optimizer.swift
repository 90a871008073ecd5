import CKernelInterface

// Optimizer steps: every operand is read once and every result written once, so they run at the speed of memory.
// Operands: `count` elements each, any alignment; an output may be the input of the same name.
// Tail: a partial vector through the same arithmetic, so that an element's bits do not depend on where a range was cut.
// Source: the formulas of Keras 3 (SGD; Kingma & Ba 2015, section 2, last paragraph: the reordered, efficient form; Hinton 2012).

/// A hyperparameter in every lane, rounded to the element type.
@inline(__always)
private func lanes<V: SIMD>(_ number: Double, _: V.Type) -> V where V.Scalar: BinaryFloatingPoint {
    V(repeating: V.Scalar(number))
}

/// Computes variable - learningRate · gradient.
@inline(__always)
private func sgd<V: SIMD>(
    _: V.Type, _ count: Int, _ learningRate: Double, _ variable: UnsafeRawPointer, _ gradient: UnsafeRawPointer,
    _ newVariable: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    let variable = variable.assumingMemoryBound(to: V.Scalar.self)
    let gradient = gradient.assumingMemoryBound(to: V.Scalar.self)
    let newVariable = newVariable.assumingMemoryBound(to: V.Scalar.self)
    let negativeRate = lanes(-learningRate, V.self)
    forVectors(V.self, count) { i, n in
        let x = loadPart(variable + i, n) as V
        storePart(n, multiplyAdd(x, negativeRate, loadPart(gradient + i, n) as V), newVariable + i)
    }
}

/// Computes m ← momentum · m - learningRate · gradient and variable + m, or with Nesterov variable + momentum · m - learningRate · gradient.
@inline(__always)
private func momentumStep<V: SIMD>(
    _: V.Type, _ count: Int, _ step: UnsafePointer<sc_momentum_step>, _ variable: UnsafeRawPointer, _ m: UnsafeRawPointer,
    _ gradient: UnsafeRawPointer, _ newVariable: UnsafeMutableRawPointer, _ newM: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    let variable = variable.assumingMemoryBound(to: V.Scalar.self)
    let m = m.assumingMemoryBound(to: V.Scalar.self)
    let gradient = gradient.assumingMemoryBound(to: V.Scalar.self)
    let newVariable = newVariable.assumingMemoryBound(to: V.Scalar.self)
    let newM = newM.assumingMemoryBound(to: V.Scalar.self)
    let rate = lanes(step.pointee.learning_rate, V.self)
    let mu = lanes(step.pointee.momentum, V.self)
    let nesterov = step.pointee.nesterov != 0
    forVectors(V.self, count) { i, n in
        let scaled = V.zero - rate * (loadPart(gradient + i, n) as V)
        let velocity = multiplyAdd(scaled, mu, loadPart(m + i, n) as V)
        let x = loadPart(variable + i, n) as V
        let move = nesterov ? multiplyAdd(scaled, mu, velocity) : velocity
        storePart(n, velocity, newM + i)
        storePart(n, x + move, newVariable + i)
    }
}

/// Computes m ← m + (g - m)(1 - β₁), v ← v + (g² - v)(1 - β₂) and x - decay · x - alpha · m / (√v + epsilon), x the variable.
@inline(__always)
private func adam<V: SIMD>(
    _: V.Type, _ count: Int, _ step: UnsafePointer<sc_adam_step>, _ variable: UnsafeRawPointer, _ m: UnsafeRawPointer,
    _ v: UnsafeRawPointer, _ gradient: UnsafeRawPointer, _ newVariable: UnsafeMutableRawPointer,
    _ newM: UnsafeMutableRawPointer, _ newV: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    let variable = variable.assumingMemoryBound(to: V.Scalar.self)
    let m = m.assumingMemoryBound(to: V.Scalar.self)
    let v = v.assumingMemoryBound(to: V.Scalar.self)
    let gradient = gradient.assumingMemoryBound(to: V.Scalar.self)
    let newVariable = newVariable.assumingMemoryBound(to: V.Scalar.self)
    let newM = newM.assumingMemoryBound(to: V.Scalar.self)
    let newV = newV.assumingMemoryBound(to: V.Scalar.self)
    let alpha = lanes(step.pointee.alpha, V.self)
    let rest1 = lanes(step.pointee.one_minus_beta_1, V.self)
    let rest2 = lanes(step.pointee.one_minus_beta_2, V.self)
    let epsilon = lanes(step.pointee.epsilon, V.self)
    let negativeDecay = lanes(-step.pointee.decay, V.self)
    forVectors(V.self, count) { i, n in
        let g = loadPart(gradient + i, n) as V
        var first = loadPart(m + i, n) as V
        var second = loadPart(v + i, n) as V
        var x = loadPart(variable + i, n) as V
        first = multiplyAdd(first, g - first, rest1)
        second = multiplyAdd(second, g * g - second, rest2)
        x = multiplyAdd(x, x, negativeDecay)
        x -= first * alpha / (vectorSquareRoot(second) + epsilon)
        storePart(n, first, newM + i)
        storePart(n, second, newV + i)
        storePart(n, x, newVariable + i)
    }
}

/// Computes s ← ρs + (1 - ρ)g², centered a ← ρa + (1 - ρ)g, d = η · g / √(s - a² + ε), with momentum b ← μb + d, and x - b or x - d.
@inline(__always)
private func rmsprop<V: SIMD>(
    _: V.Type, _ count: Int, _ step: UnsafePointer<sc_rmsprop_step>, _ variable: UnsafeRawPointer, _ velocity: UnsafeRawPointer,
    _ momentum: UnsafeRawPointer, _ average: UnsafeRawPointer, _ gradient: UnsafeRawPointer,
    _ newVariable: UnsafeMutableRawPointer, _ newVelocity: UnsafeMutableRawPointer, _ newMomentum: UnsafeMutableRawPointer,
    _ newAverage: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    let variable = variable.assumingMemoryBound(to: V.Scalar.self)
    let velocity = velocity.assumingMemoryBound(to: V.Scalar.self)
    let momentum = momentum.assumingMemoryBound(to: V.Scalar.self)
    let average = average.assumingMemoryBound(to: V.Scalar.self)
    let gradient = gradient.assumingMemoryBound(to: V.Scalar.self)
    let newVariable = newVariable.assumingMemoryBound(to: V.Scalar.self)
    let newVelocity = newVelocity.assumingMemoryBound(to: V.Scalar.self)
    let newMomentum = newMomentum.assumingMemoryBound(to: V.Scalar.self)
    let newAverage = newAverage.assumingMemoryBound(to: V.Scalar.self)
    let rate = lanes(step.pointee.learning_rate, V.self)
    let rho = lanes(step.pointee.rho, V.self)
    let rest = lanes(1 - step.pointee.rho, V.self)
    let epsilon = lanes(step.pointee.epsilon, V.self)
    let mu = lanes(step.pointee.momentum, V.self)
    let hasMomentum = step.pointee.momentum > 0
    let centered = step.pointee.centered != 0
    forVectors(V.self, count) { i, n in
        let g = loadPart(gradient + i, n) as V
        let square = multiplyAdd(rest * (g * g), rho, loadPart(velocity + i, n) as V)
        var x = loadPart(variable + i, n) as V
        var denominator = square + epsilon
        if centered {
            let mean = multiplyAdd(rest * g, rho, loadPart(average + i, n) as V)
            denominator = square - mean * mean + epsilon
            storePart(n, mean, newAverage + i)
        }
        var move = rate * g / vectorSquareRoot(denominator)
        if hasMomentum {
            move = multiplyAdd(move, mu, loadPart(momentum + i, n) as V)
            storePart(n, move, newMomentum + i)
        }
        x -= move
        storePart(n, square, newVelocity + i)
        storePart(n, x, newVariable + i)
    }
}

func makeOptimizerKernels() -> sc_optimizer_kernels {
    var k = sc_optimizer_kernels()
    k.sgd_f32 = { sgd(F32.self, $0, $1, $2!, $3!, $4!) }
    k.sgd_f64 = { sgd(F64.self, $0, $1, $2!, $3!, $4!) }
    k.momentum_f32 = { momentumStep(F32.self, $0, $1!, $2!, $3!, $4!, $5!, $6!) }
    k.momentum_f64 = { momentumStep(F64.self, $0, $1!, $2!, $3!, $4!, $5!, $6!) }
    k.adam_f32 = { adam(F32.self, $0, $1!, $2!, $3!, $4!, $5!, $6!, $7!, $8!) }
    k.adam_f64 = { adam(F64.self, $0, $1!, $2!, $3!, $4!, $5!, $6!, $7!, $8!) }
    k.rmsprop_f32 = { rmsprop(F32.self, $0, $1!, $2!, $3!, $4!, $5!, $6!, $7!, $8!, $9!, $10!) }
    k.rmsprop_f64 = { rmsprop(F64.self, $0, $1!, $2!, $3!, $4!, $5!, $6!, $7!, $8!, $9!, $10!) }
    return k
}
