using static PgListener.Bench.Digits;

namespace PgListener.Bench;

/// <summary>Adds up to a thousand handler classes for one channel. They differ in their type arguments only, but to the listener and the container each is a class of its own.</summary>
internal static class ManyHandlers
{
    public static void AddTo(PgListenerBuilder builder, int count)
    {
        Action<PgListenerBuilder> add = count switch
        {
            10 => AddTen<D0, D0>,
            100 => AddHundred<D0>,
            1_000 => AddThousand,
            _ => throw new BenchException($"There are 10, 100 or 1,000 handler classes, not {count}."),
        };
        add(builder);
    }

    private static void AddThousand(PgListenerBuilder builder)
    {
        AddHundred<D0>(builder);
        AddHundred<D1>(builder);
        AddHundred<D2>(builder);
        AddHundred<D3>(builder);
        AddHundred<D4>(builder);
        AddHundred<D5>(builder);
        AddHundred<D6>(builder);
        AddHundred<D7>(builder);
        AddHundred<D8>(builder);
        AddHundred<D9>(builder);
    }

    private static void AddHundred<THundreds>(PgListenerBuilder builder)
        where THundreds : IDigit
    {
        AddTen<THundreds, D0>(builder);
        AddTen<THundreds, D1>(builder);
        AddTen<THundreds, D2>(builder);
        AddTen<THundreds, D3>(builder);
        AddTen<THundreds, D4>(builder);
        AddTen<THundreds, D5>(builder);
        AddTen<THundreds, D6>(builder);
        AddTen<THundreds, D7>(builder);
        AddTen<THundreds, D8>(builder);
        AddTen<THundreds, D9>(builder);
    }

    private static void AddTen<THundreds, TTens>(PgListenerBuilder builder)
        where THundreds : IDigit
        where TTens : IDigit
        => builder
            .AddHandler<BenchOrder, BenchHandler<THundreds, TTens, D0>>()
            .AddHandler<BenchOrder, BenchHandler<THundreds, TTens, D1>>()
            .AddHandler<BenchOrder, BenchHandler<THundreds, TTens, D2>>()
            .AddHandler<BenchOrder, BenchHandler<THundreds, TTens, D3>>()
            .AddHandler<BenchOrder, BenchHandler<THundreds, TTens, D4>>()
            .AddHandler<BenchOrder, BenchHandler<THundreds, TTens, D5>>()
            .AddHandler<BenchOrder, BenchHandler<THundreds, TTens, D6>>()
            .AddHandler<BenchOrder, BenchHandler<THundreds, TTens, D7>>()
            .AddHandler<BenchOrder, BenchHandler<THundreds, TTens, D8>>()
            .AddHandler<BenchOrder, BenchHandler<THundreds, TTens, D9>>();
}
