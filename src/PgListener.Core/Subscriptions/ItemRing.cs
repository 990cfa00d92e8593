using System.Buffers;

namespace PgListener.Subscriptions;

/// <summary>A double-ended queue of items in one array, which grows as needed and is given back when it has been large and is empty.</summary>
internal sealed class ItemRing
{
    private const int InitialSize = 16;
    private const int LargeSize = 1024;

    private readonly QueueItem[] _small = new QueueItem[InitialSize];
    private QueueItem[] _items;
    private int _head;

    public ItemRing() => _items = _small;

    public int Count { get; private set; }

    /// <summary>The item at a position counted from the front.</summary>
    public ref QueueItem this[int index] => ref _items[(_head + index) & (_items.Length - 1)];

    public void PushBack(QueueItem item)
    {
        EnsureRoom();
        Count++;
        this[Count - 1] = item;
    }

    public void PushFront(QueueItem item)
    {
        EnsureRoom();
        Count++;
        _head = (_head - 1) & (_items.Length - 1);
        this[0] = item;
    }

    public QueueItem PopFront()
    {
        var item = this[0];
        this[0] = default;
        _head = (_head + 1) & (_items.Length - 1);
        if (--Count == 0 && _items.Length > LargeSize)
        {
            ArrayPool<QueueItem>.Shared.Return(_items); // Every place in it has been cleared.
            _items = _small;
            _head = 0;
        }

        return item;
    }

    private void EnsureRoom()
    {
        if (Count < _items.Length)
            return;

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
