namespace PgListener.AspNetCore.Tests;

/// <summary>A busy shop for the pictures: one listener is well, one has a handler that fails and one that cannot keep up, one reconnects.</summary>
internal sealed class Scene
{
    private readonly FakeListener _shop = new();
    private readonly FakeListener _billing = new("billing");
    private readonly FakeListener _warehouse = new("warehouse");
    private DateTimeOffset? _fullSince;

    public Scene(DateTimeOffset started)
    {
        Add(_shop, "OrderPlacedHandler", "order_placed", 10_000, 48_213);
        Add(_shop, "StockHandler", "order_placed", 10_000, 48_213);
        Add(_shop, "PriceCache", "price_changed", 1_000, 1_204);
        Add(_shop, "A browser", "order_placed", 1_000, 9_120);
        Add(_shop, "A browser", "order_placed", 1_000, 4_407);
        Add(_shop, "A browser", "order_placed", 1_000, 391);
        Add(_billing, "InvoiceHandler", "invoice_due", 10_000, 8_450);
        Add(_billing, "LedgerExport", "ledger_entry", 5_000, 1_730_522);
        Add(_warehouse, "ShelfHandler", "shelf_moved", 10_000, 3_318);
        _shop.Status = _shop.Status with { Server = "db1.shop.internal:5432", ProcessId = 218_114, Since = started, QueueUsage = 0.0004 };
        _billing.Status = _billing.Status with { Server = "db2.shop.internal:5432", ProcessId = 9_127, Since = started, QueueUsage = 0.031 };
        _warehouse.Status = _warehouse.Status with { Server = "db3.shop.internal:5432", ProcessId = 77_340, Since = started, QueueUsage = 0 };
    }

    public IEnumerable<FakeListener> Listeners => [_shop, _billing, _warehouse];

    public void Move(int second, DateTimeOffset now)
    {
        var orders = (long)(42 + (18 * Math.Sin(second / 9.0)) + (11 * Math.Sin(second / 2.3)) + (second % 17 == 0 ? 40 : 0));
        for (var i = 0; i < 6; i++)
        {
            if (i == 2)
                Receive(_shop, i, second % 23 < 3 ? 7 : 0, queued: second % 23 < 3 ? 2 : 0);
            else
                Receive(_shop, i, orders, queued: (int)(i == 1 ? Math.Max(0, (orders - 40) * 6) : orders / 12));
        }

        _shop.Status = _shop.Status with { RoundTrip = TimeSpan.FromMilliseconds(1.3 + (0.4 * Math.Abs(Math.Sin(second / 20))) + (second / 30 % 2 * 0.3)) };

        Receive(_billing, 0, 3 + (second % 4), queued: second % 3);
        if (second > 60 && second % 3 == 0)
            _billing.Update(0, one => one with { Failed = one.Failed + 1, LastFailedAt = now });
        var queued = Math.Clamp((second - 30) * 80, 0, 5_000);
        Receive(_billing, 1, 380 + (second % 40 * 2), queued);
        if (queued == 5_000)
            DropLedger(now);
        _billing.Status = _billing.Status with { RoundTrip = TimeSpan.FromMilliseconds(4.1 + (second > 60 ? 2.2 : 0) + (second % 7 * 0.08)) };

        if (second == 20)
            _warehouse.Move(ListenerState.Reconnecting, now, "The server ended the session (57P01: terminating connection due to administrator command).");
        if (second == 24)
        {
            _warehouse.Move(ListenerState.Listening, now);
            _warehouse.Update(0, one => one with { Gaps = 1, LastGap = new("shelf_moved", ResyncReason.Reconnected, now.AddSeconds(-6.3), now) });
        }

        if (second is < 20 or (> 24 and < 104))
            Receive(_warehouse, 0, second % 5 == 0 ? 4 : 1, queued: 0);
        if (second == 104)
        {
            _warehouse.Move(ListenerState.Reconnecting, now, "Nothing answers on db3.shop.internal:5432: connection refused. Is the server running, and is the port right?");
            _warehouse.Status = _warehouse.Status with { ProcessId = null };
        }

        if (second > 104)
            _warehouse.Status = _warehouse.Status with { FailedAttempts = (second - 104) / 3, NextAttemptAt = now.AddSeconds(4 - ((second - 104) % 3)) };
    }

    private void DropLedger(DateTimeOffset now)
    {
        _fullSince ??= now.AddMilliseconds(-200);
        _billing.Update(1, one => one with
        {
            Dropped = one.Dropped + 173,
            LastDroppedAt = now,
            Gaps = 1,
            LastGap = new("ledger_entry", ResyncReason.Overflow, _fullSince, now, one.Dropped + 173),
        });
    }

    private static void Add(FakeListener listener, string name, string channel, int capacity, long received)
        => listener.Subscriptions.Add(new()
        {
            Name = name,
            Channel = channel,
            Received = received,
            Processed = received,
            QueueCapacity = capacity,
            QueueCapacityBytes = 16 << 20,
        });

    private static void Receive(FakeListener listener, int index, long more, int queued)
        => listener.Update(index, one => one with { Received = one.Received + more, Queued = queued, Processed = one.Received + more - queued - one.Dropped });
}
