using System.Buffers;

namespace PgListener.Subscriptions;

/// <summary>
/// The items of a queue in their order, in one array, which grows as needed and is returned to its pool when it is large and empty. Many
/// queues never hold anything, so it is made with the first item. Each item gets a number when it is added; an item that is put back goes to the place of its number.
/// </summary>
internal sealed class ItemRing
{
    private const int InitialSize = 16;
    private const int LargeSize = 1024;

    private QueueItem[]? _small;
    private QueueItem[] _items = [];
    private int _head;
    private int _next;

    public int Count { get; private set; }

    /// <summary>The item at a position counted from the front.</summary>
    public ref QueueItem this[int index] => ref _items[(_head + index) & (_items.Length - 1)];

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
        _head = (_head - 1) & (_items.Length - 1);
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
        _head = (_head + 1) & (_items.Length - 1);
        if (--Count == 0 && _items.Length > LargeSize)
        {
            ArrayPool<QueueItem>.Shared.Return(_items); // Every element was cleared.
            _items = _small!; // A large array comes after the small one.
            _head = 0;
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
        if (Count < _items.Length)
            return;

        if (_small is null)
        {
            _items = _small = new QueueItem[InitialSize];
            return;
        }

        // The pool's arrays have lengths that are powers of two, as the masks here require.
        var larger = ArrayPool<QueueItem>.Shared.Rent(_items.Length * 2);
        var first = _items.Length - _head;
        Array.Copy(_items, _head, larger, 0, first);
        Array.Copy(_items, 0, larger, first, _head);
        if (_items == _small)
            Array.Clear(_items);
        else
            ArrayPool<QueueItem>.Shared.Return(_items, clearArray: true);
        _items = larger;
        _head = 0;
    }
}
