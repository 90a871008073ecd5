import CKernelInterface

func makeElementwiseKernels() -> sc_elementwise_kernels {
    var k = sc_elementwise_kernels()
    k.unary = { unary($0, $1, $2, $3!, $4!, $5, $6) }
    k.unary_backward = { unaryBackward($0, $1, $2, $3!, $4!, $5!, $6, $7) }
    k.binary = { binary($0, $1, $2, $3!, $4, $5!, $6, $7!) }
    k.select = { size, count, condition, cStep, x, xStep, y, yStep, z in
        switch size {
        case 1: select(UInt8.self, count, condition!, cStep, x!, xStep, y!, yStep, z!)
        case 4: select(UInt32.self, count, condition!, cStep, x!, xStep, y!, yStep, z!)
        default: select(UInt64.self, count, condition!, cStep, x!, xStep, y!, yStep, z!)
        }
    }
    k.cast = { cast($0, $1, $2, $3!, $4!) }
    return k
}
