using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace PgListener.Analyzers.Notify;

/// <summary>A part of an interpolated or concatenated text: either constant text, or a value.</summary>
/// <param name="Text">The text; <see langword="null"/> for a value.</param>
/// <param name="Value">The value.</param>
/// <param name="IsFormatted">Whether the value is written with a format or an alignment.</param>
internal readonly record struct TextPart(string? Text, IOperation? Value, bool IsFormatted)
{
    /// <summary>The parts of an interpolated or concatenated string, in order.</summary>
    public static ImmutableArray<TextPart> Of(IOperation operation)
    {
        var parts = ImmutableArray.CreateBuilder<TextPart>();
        Collect(operation, parts);
        return parts.ToImmutable();
    }

    private static void Collect(IOperation operation, ImmutableArray<TextPart>.Builder parts)
    {
        switch (operation)
        {
            case { ConstantValue: { HasValue: true, Value: var constant } }:
                parts.Add(new(constant?.ToString() ?? "", null, IsFormatted: false));
                break;
            case IConversionOperation { IsImplicit: true } conversion:
                Collect(conversion.Operand, parts);
                break;
            case IBinaryOperation { OperatorKind: BinaryOperatorKind.Add, Type.SpecialType: SpecialType.System_String } sum:
                Collect(sum.LeftOperand, parts);
                Collect(sum.RightOperand, parts);
                break;
            case IInterpolatedStringOperation interpolated:
                foreach (var part in interpolated.Parts)
                    Collect(part, parts);
                break;
            case IInterpolatedStringTextOperation text:
                Collect(text.Text, parts);
                break;
            case IInterpolationOperation { FormatString: null, Alignment: null } interpolation:
                Collect(interpolation.Expression, parts);
                break;
            case IInterpolationOperation interpolation:
                parts.Add(new(null, interpolation.Expression, IsFormatted: true));
                break;
            default:
                parts.Add(new(null, operation, IsFormatted: false));
                break;
        }
    }
}
