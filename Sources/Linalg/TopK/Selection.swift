extension UnsafeMutableBufferPointer<UInt64> {
    /// Moves the `count` smallest elements to the front, the largest of them last and the others in no order. O(elements) on
    /// average.
    ///
    /// Hoare's selection with the median of three; for the few hundred keys of a list its worst case is no matter.
    /// - Parameter count: `0...self.count`.
    public func moveSmallest(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "more elements than there are")
        var (low, high) = (0, self.count - 1)
        let last = count - 1
        while last >= low, low < high {
            let pivot = median(self[low], self[low + (high - low) / 2], self[high])
            var (left, right) = (low, high)
            while left <= right {
                while self[left] < pivot { left += 1 }
                while self[right] > pivot { right -= 1 }
                guard left <= right else { break }
                swapAt(left, right)
                left += 1
                right -= 1
            }
            // Up to `right` nothing is above the pivot, from `left` on nothing below it, and what is between is the pivot.
            if last <= right {
                high = right
            } else if last >= left {
                low = left
            } else {
                return
            }
        }
    }

    private func median(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
        Swift.max(Swift.min(a, b), Swift.min(Swift.max(a, b), c))
    }
}
