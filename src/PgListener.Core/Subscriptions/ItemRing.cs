using System.Buffers;

namespace PgListener.Subscriptions;

/// <summary>
/// The items of a queue in their order, in one array, which grows as needed and is returned to its pool when it is large and empty. Many
/// queues never hold anything, so it is made with the first item. Each item gets a number when it is added; an item that is put back goes to the place of its number.
/// </summary>
/// <param name="pool">Where large arrays come from.</param>
internal sealed class ItemRing(ArrayPool<QueueItem> pool)
{
    private const int InitialSize = 16;
    private const int LargeSize = 1024;

    private QueueItem[]? _small;
    private QueueItem[] _items = [];

    /// <summary>How much of the array is used: a power of two, so that a mask finds the place. The pool may hand out longer arrays.</summary>
    private int _size;
    private int _head;
    private int _next;

    public int Count { get; private set; }

    /// <summary>The item at a position counted from the front.</summary>
    public ref QueueItem this[int index] => ref _items[(_head + index) & (_size - 1)];

    /// <summary>Adds an item at the end.</summary>
    /// <returns>Its number.</returns>
    public int PushBack(string channel, object content, int processId)
    {
        EnsureRoom();
        Count++;
        this[Count - 1] = new(channel, content, processId) { Sequence = _next };
        return _next++;
    }

    /// <summary>Puts back an item that was taken. It goes in front of all that were added after it.</summary>
    public void PutBack(in QueueItem item)
    {
        EnsureRoom();
        Count++;
        _head = (_head - 1) & (_size - 1);
        var index = 0;
        for (; index < Count - 1 && this[index + 1].Sequence - item.Sequence < 0; index++)
            this[index] = this[index + 1];
        this[index] = item;
    }

    public QueueItem PopFront()
    {
        PopFront(out var item);
        return item;
    }

    /// <summary>Moves the first item elsewhere.</summary>
    public void PopFront(out QueueItem item)
    {
        ref var first = ref this[0];
        item = first;
        first = default;
        _head = (_head + 1) & (_size - 1);
        if (--Count == 0 && _size > LargeSize)
        {
            pool.Return(_items); // Every element was cleared.
            Use(_small!, InitialSize); // A large array comes after the small one.
        }
    }

    /// <summary>Finds the position of the item with a number; -1 if it is not here.</summary>
    public int IndexOf(int sequence)
    {
        // The numbers have no holes except for items that were put back, so the first guess is nearly always right.
        var guess = Count - (_next - sequence);
        if (guess >= 0 && guess < Count && this[guess].Sequence == sequence)
            return guess;

        var (low, high) = (0, Count - 1);
        while (low <= high)
        {
            var middle = low + (high - low) / 2;
            switch (this[middle].Sequence - sequence)
            {
                case 0: return middle;
                case < 0: low = middle + 1; break;
                default: high = middle - 1; break;
            }
        }

        return -1;
    }

    private void EnsureRoom()
    {
        if (Count < _size)
            return;

        if (_small is null)
        {
            Use(_small = new QueueItem[InitialSize], InitialSize);
            return;
        }

        var larger = pool.Rent(_size * 2);
        var first = _size - _head;
        Array.Copy(_items, _head, larger, 0, first);
        Array.Copy(_items, 0, larger, first, _head);
        if (_items == _small)
            Array.Clear(_items);
        else
            pool.Return(_items, clearArray: true);
        Use(larger, _size * 2);
    }

    private void Use(QueueItem[] items, int size) => (_items, _size, _head) = (items, size, 0);
}
