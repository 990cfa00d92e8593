using System.Buffers;
using System.Globalization;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

public class ItemRingTests
{
    private readonly LongArrays _pool = new();

    [Fact]
    public void Items_keep_their_order_whatever_the_length_of_the_pools_arrays_and_the_arrays_are_returned_empty()
    {
        const int Count = 5_000;
        const int Behind = 10;
        var ring = new ItemRing(_pool);
        var taken = new List<string>();
        for (var i = 0; i < Count; i++)
        {
            ring.PushBack("c", i.ToString(CultureInfo.InvariantCulture), 0);
            if (i % 3 == 0 && ring.Count > Behind) // So that the front is not at the beginning of the array when it grows.
                taken.Add((string)ring.PopFront().Content);
        }

        var last = ring.PopFront();
        ring.PutBack(last);
        while (ring.Count > 0)
            taken.Add((string)ring.PopFront().Content);
        Assert.Equal(Enumerable.Range(0, Count).Select(i => i.ToString(CultureInfo.InvariantCulture)), taken);
        Assert.NotEqual(0, _pool.Rented);
        Assert.Equal(_pool.Rented, _pool.Returned);
    }

    /// <summary>Hands out arrays that are longer than asked for, by a number that is not a power of two.</summary>
    private sealed class LongArrays : ArrayPool<QueueItem>
    {
        public int Rented { get; private set; }

        public int Returned { get; private set; }

        public override QueueItem[] Rent(int minimumLength)
        {
            Rented++;
            return new QueueItem[minimumLength + 7];
        }

        public override void Return(QueueItem[] array, bool clearArray = false)
        {
            Returned++;
            Assert.True(clearArray || Array.TrueForAll(array, static item => item.Content is null));
        }
    }
}
